import { Argument, Command } from '@commander-js/extra-typings';
import { DataError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { wait } from '../../base/wait.ts';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { diskFile } from '../../io/files/file-source.ts';
import { requireOutput } from '../../io/files/output.ts';
import { zlibInflate } from '../../io/files/zlib-inflate.ts';
import { buildVocabulary, countWords, formatVocabulary } from '../../io/text/build-vocabulary.ts';
import { readLines } from '../../io/text/read-lines.ts';
import { wholeNumber } from '../arguments/values.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { printJson, printText } from '../terminal/print.ts';

export const vocabularyCommand = new Command('vocabulary')
  .addArgument(new Argument('<action>', 'What to do').choices(['build'] as const))
  .argument('<texts...>', 'Files of text, a sentence a line, of all languages; may be gzipped')
  .requiredOption('--size <entries>', 'How many entries to aim at; what comes out is near it', wholeNumber(1))
  .requiredOption('--output <file>', 'The vocabulary: a quoted entry a line')
  .option(
    '--max-subtoken-length <characters>',
    "Entries have fewer characters than this, as with Tensor2Tensor's option of the name",
    wholeNumber(2),
  )
  .option('--force', 'Replace a file that is there')
  .option('--json', 'Print one JSON object');

vocabularyCommand.action(async (_, paths, args) => {
  await requireOutput(args.output, { inputs: paths, replace: args.force ?? false });
  const { counts, texts } = await interruptible((signal) => countTexts(paths, signal));
  const { size, maxSubtokenLength } = args;
  const entries = buildVocabulary(counts, { size, maxSubtokenLength });
  await writeFileAtomic(args.output, formatVocabulary(entries));
  const result = { output: args.output, size: entries.length, target: size, words: counts.size, texts };
  if (args.json) await printJson(result);
  else await printText(`${printable(args.output)} has ${entries.length} entries\n`);
});

/** @throws {DataError} where there is no word in any of the files. */
async function countTexts(paths: readonly string[], signal: AbortSignal) {
  const counts = new Map<string, number>();
  const texts: { path: string; lines: number }[] = [];
  for (const path of paths) {
    let lines = 0;
    for await (const line of readLines(diskFile(path), zlibInflate)) {
      countWords(counts, line);
      // Not at every line: the signal is only seen where others get their turn.
      if (++lines % 10_000 === 0) await wait(0, signal);
    }
    texts.push({ path, lines });
  }
  if (counts.size === 0) {
    throw new DataError('there is no word to build a vocabulary from', { file: paths.join(', ') });
  }
  return { counts, texts };
}
