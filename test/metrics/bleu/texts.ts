import fc from '../../support/fast-check.ts';
import { readText } from '../../support/files.ts';
import { sharedPath } from '../../support/shared.ts';

/** The lines of a file of published test data. */
export async function publishedLines(name: string): Promise<string[]> {
  const text = await readText(sharedPath('data', 'bleu', name));
  return text.replace(/\n$/, '').split('\n');
}

/** Sentences of few different words, so that n-grams match; empty ones among them. */
export const SENTENCE = fc
  .array(fc.constantFrom('der', 'Hund', 'Die', 'Katze', 'schläft', 'nicht', ',', '.'), { maxLength: 12 })
  .map((words) => words.join(' '));

/** Any text a string can hold, halves of surrogate pairs too. */
export const ANY_TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

/** Lines made of what tokenisers decide on. */
export const HARD_LINE = fc
  .array(
    fc.constantFrom(
      ...' .,-\'"`&|<>[]()!?;_%…“”„’–。．，２',
      ...[
        '..',
        '...',
        '. ',
        '  ',
        'a',
        'B',
        'ä',
        'ß',
        '5',
        '12',
        '3.',
        'z.B.',
        'Nr.',
        'Mio.',
        'Haus',
        'Ende.',
      ],
      ...[
        '½',
        '٣',
        'Ⅳ',
        '中',
        '😀',
        '\u00a0',
        '\u0085',
        '\u00ad',
        '\u2028',
        '\ufeff',
        '\u0301',
        '\t',
        '\x01',
        '\x1c',
      ],
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

/** Strings of which repetitions make slow regular expressions slow. */
export const TEDIOUS = [
  ...".,'-& a1\t\x01(。",
  ...[
    'a-',
    'ä-',
    'a.',
    '.a',
    '...a',
    '1,',
    ',a',
    "'.",
    ' .',
    '1-',
    '-\n',
    '。 ',
    '<skipped',
    '&amp;',
    '&am',
    'DOT',
  ],
];
