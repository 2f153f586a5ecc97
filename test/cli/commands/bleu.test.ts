import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { bleu, compareBleu } from '../../../src/metrics/bleu/bleu.ts';
import { formatBleu } from '../../../src/metrics/bleu/format-bleu.ts';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema, validatorOf } from '../../support/schema.ts';

const HYPOTHESES = ['Der US-Präsident sagte: "Ja, ja."', 'Es kostete 1,5 Mio. Euro.', ''];
const OTHER = ['Der Präsident sagte: "Ja."', 'Das kostete 1,5 Mio. Euro.', 'Nein.'];
const TOKENIZED = [
  'Der US-Präsident sagte &quot; Ja , ja . &quot;',
  'Das kostete 1,5 Mio. Euro .',
  'Nein , nein .',
];
const RAW = ['Der US-Präsident sagte "Ja, ja."', 'Das kostete 1,5 Mio. Euro.', 'Nein, nein.'];

interface Files {
  readonly hypotheses: string;
  readonly other: string;
  readonly tokenized: string;
  readonly raw: string;
  readonly short: string;
  readonly empty: string;
}

async function withFiles(use: (files: Files) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const write = async (name: string, text: string) => {
      await writeFile(join(directory, name), text);
      return join(directory, name);
    };
    await use({
      hypotheses: await write('hypotheses.de', asText(HYPOTHESES)),
      other: await write('other.de', asText(OTHER)),
      tokenized: await write('reference.tok.de', asText(TOKENIZED)),
      // Its last line lacks the newline.
      raw: await write('reference.de', RAW.join('\n')),
      short: await write('short.de', asText(RAW.slice(1))),
      empty: await write('empty.de', ''),
    });
  });
}

test("the score is by default that of the paper's script, and its line says so", async () => {
  await withFiles(async ({ hypotheses, tokenized }) => {
    const { code, stdout, stderr } = await tsos(['bleu', hypotheses, '--reference', tokenized]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^BLEU\|nrefs:1\|.*\|tok:moses-compound\|.* = \d/);
    const expected = bleu(HYPOTHESES, [TOKENIZED], { method: 'moses-compound' });
    assert.equal(stdout, `${formatBleu(expected)}\n`);
    assert.doesNotMatch(stderr, /not tokenised/);
  });
});

test('references that a Moses method takes for tokenised and are not are told', async () => {
  await withFiles(async ({ hypotheses, raw }) => {
    const { code, stderr } = await tsos(['bleu', hypotheses, '--reference', raw]);
    assert.equal(code, 0);
    assert.match(stderr, /reference\.de: line 1 is not tokenised by Moses/);
  });
});

test('hypotheses that a method takes for raw and are tokenised are told', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'hypotheses.tok.de');
    await writeFile(path, 'Das ist so .\n'.repeat(100));
    const told = await tsos(['bleu', path, '--reference', path, '--method', 'intl']);
    assert.match(told.stderr, /hypotheses\.tok\.de: 100 lines end in " \."/);
    const right = await tsos(['bleu', path, '--reference', path, '--method', 'multi-bleu']);
    assert.doesNotMatch(right.stderr, /lines end/);
  });
});

test('--json follows its schema, with several references, all options and a comparison', async () => {
  await withFiles(async ({ hypotheses, other, tokenized, raw }) => {
    const single = await tsos(['bleu', hypotheses, '--reference', tokenized, '--json']);
    const measured = await parsedBySchema<Record<string, unknown>>('bleu', single.stdout);
    assert.deepEqual(measured, {
      hypotheses: identity(hypotheses, asText(HYPOTHESES)),
      references: [identity(tokenized, asText(TOKENIZED))],
      ...bleu(HYPOTHESES, [TOKENIZED], { method: 'moses-compound' }),
    });

    const compared = await tsos(
      ['bleu', hypotheses, '--reference', raw, `--reference=${other}`, '--compare', other, '--json'].concat(
        ['--method', '13a', '--lowercase', '--smooth', 'floor', '--smooth-value', '0.5'],
        ['--bootstrap', '50', '--seed', '7'],
      ),
    );
    const { comparison, ...baseline } = await parsedBySchema<Record<string, unknown>>(
      'bleu',
      compared.stdout,
    );
    const options = { method: '13a', lowercase: true, smoothing: 'floor', smoothingValue: 0.5 } as const;
    const expected = compareBleu(HYPOTHESES, OTHER, [RAW, OTHER], { ...options, bootstrap: 50, seed: 7 });
    assert.deepEqual(baseline, {
      hypotheses: identity(hypotheses, asText(HYPOTHESES)),
      references: [identity(raw, RAW.join('\n')), identity(other, asText(OTHER))],
      ...expected.baseline,
    });
    assert.deepEqual(comparison, {
      hypotheses: identity(other, asText(OTHER)),
      ...expected.system,
      pValue: expected.pValue,
    });

    const validate = await validatorOf('bleu');
    assert.ok(!validate({ ...measured, BLEU: 26.33 }), 'an unknown property');
    assert.ok(!validate({ ...measured, method: undefined }), 'a bare BLEU');
    assert.ok(!validate({ ...measured, comparison }), 'a comparison without the confidence of the baseline');
  });
});

test('- is stdin, and any input may be a pipe', { skip: process.platform === 'win32' }, async () => {
  await withFiles(async ({ hypotheses, raw, tokenized }) => {
    const method = ['--method', '13a'];
    const whole = await tsos(['bleu', hypotheses, '--reference', raw, ...method]);
    const piped = await tsos(['bleu', '-', '--reference', raw, ...method], { input: asText(HYPOTHESES) });
    assert.deepEqual([piped.code, piped.stdout], [0, whole.stdout], piped.stderr);
    const pipe = `${tokenized}.pipe`;
    execFileSync('mkfifo', [pipe]);
    const [reference] = await Promise.all([
      tsos(['bleu', hypotheses, '--reference', pipe, ...method]),
      writeFile(pipe, RAW.join('\n')),
    ]);
    assert.deepEqual([reference.code, reference.stdout], [0, whole.stdout], reference.stderr);
  });
});

test('a comparison is a table, with the signature below it', async () => {
  await withFiles(async ({ hypotheses, other, raw }) => {
    const { code, stdout } = await tsos(
      ['bleu', hypotheses, '--reference', raw, '--compare', other].concat(['--method', 'intl']),
    );
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.match(lines[0], /^system +BLEU \(μ ± 95 % CI\) +p$/);
    assert.match(lines[1], /^baseline: .*hypotheses\.de +\d+\.\d\d \(μ = \d+\.\d\d ± \d+\.\d\d\)$/);
    assert.match(lines[2], /other\.de +\d+\.\d\d \(μ = \d+\.\d\d ± \d+\.\d\d\) +[01]\.\d{4}$/);
    assert.match(lines[4], /^BLEU\|nrefs:1\|bs:1000\|seed:12345\|.*\|tok:intl\|smooth:exp\|/);
  });
});

test('files that do not fit and wrong options are told in a sentence', async () => {
  await withFiles(async ({ hypotheses, raw, short, empty }) => {
    const mistakes: readonly [args: string[], code: number, says: RegExp][] = [
      [[hypotheses, '--reference', short], 3, /short\.de: has 2 lines, but .*hypotheses\.de has 3/],
      [[hypotheses, '--reference', raw, '--compare', short], 3, /short\.de: has 2 lines/],
      [[empty, '--reference', raw], 3, /empty\.de: is empty/],
      [[hypotheses, '--reference', `${raw}.missing`], 3, /reference\.de\.missing: there is no such file/],
      [[hypotheses], 2, /required option '--reference <file>' not specified/],
      [[hypotheses, '--reference', raw, '--method', 'ter'], 2, /--method <method>' argument 'ter'/],
      [[hypotheses, '--reference', raw, '--smooth-value', '1'], 2, /smoothing none takes no value/],
      [[hypotheses, '--reference', raw, '--bootstrap', '0'], 2, /--bootstrap .* from 1/],
      [[hypotheses, '--reference', raw, '--seed', '-1'], 2, /--seed/],
    ];
    for (const [args, code, says] of mistakes) assertOneSentence(await tsos(['bleu', ...args]), code, says);
  });
});

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function identity(path: string, text: string) {
  return { path, sha256: createHash('sha256').update(text).digest('hex'), lines: HYPOTHESES.length };
}
