import { Command, Option } from '@commander-js/extra-typings';
import { DataError } from '../../base/errors.ts';
import { type BleuResult, bleu, compareBleu } from '../../metrics/bleu/bleu.ts';
import { formatBleu, formatFixed, formatScore } from '../../metrics/bleu/format-bleu.ts';
import { BLEU_METHODS, type BleuMethod } from '../../metrics/bleu/methods.ts';
import { findUntokenized } from '../../metrics/bleu/moses.ts';
import { SMOOTHING_METHODS } from '../../metrics/bleu/smoothing.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { eachInputFile, inputFile, number, wholeNumber } from '../arguments/values.ts';
import { readInput } from '../session/input-files.ts';
import { namedText, requireTexts } from '../session/published.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { formatTable } from '../terminal/table.ts';

/** Methods that want references, but not hypotheses, tokenised by Moses. */
const MOSES_METHODS: readonly BleuMethod[] = ['moses-compound', 'moses'];

/** Methods that want both tokenised. */
const TOKENIZED_METHODS: readonly BleuMethod[] = ['multi-bleu', 'none'];

export const bleuCommand = new Command('bleu')
  .argument('<hypotheses>', 'A file of translations, one per line; - for stdin', inputFile)
  .requiredOption(
    '--reference <file>',
    'Their references, line by line, or newstest2014, which is fetched; may be given several times',
    eachInputFile,
  )
  .addOption(FROM)
  .addOption(OFFLINE)
  .addOption(
    new Option(
      '--method <method>',
      "Which BLEU: moses-compound is the paper's script, for references tokenised by Moses; 13a, intl and none are sacreBLEU's",
    )
      .choices(BLEU_METHODS)
      .default('moses-compound' as const),
  )
  .option('--lowercase', 'Compare in lower case')
  .addOption(
    new Option(
      '--smooth <method>',
      "Smoothing; by default exp for sacreBLEU's methods, none for the others",
    ).choices(SMOOTHING_METHODS),
  )
  .option('--smooth-value <number>', 'Of floor (by default 0.1) or add-k (1)', number)
  .option(
    '--bootstrap <samples>',
    'Estimate a 95 % confidence interval from so many bootstrap samples',
    wholeNumber(1),
  )
  .option(
    '--compare <file>',
    'Other translations, to compare by a paired bootstrap test (1000 samples by default)',
    inputFile,
  )
  .option('--seed <number>', 'Of the bootstrap; by default 12345', wholeNumber(0))
  .option('--json', 'Print one JSON object');

bleuCommand.action(async (path, args) => {
  const options = {
    method: args.method,
    lowercase: args.lowercase === true,
    smoothing: args.smooth,
    smoothingValue: args.smoothValue,
    bootstrap: args.bootstrap,
    seed: args.seed,
  };
  await requireTexts(path, ...args.reference, args.compare);
  const hypotheses = await readLines(path);
  const part = [...MOSES_METHODS, ...TOKENIZED_METHODS].includes(args.method)
    ? 'tokenizedReference'
    : 'reference';
  const paths = [];
  for (const each of args.reference) paths.push(await namedText(each, part, args));
  const references = await readAll(paths);
  const other = args.compare === undefined ? undefined : await readLines(args.compare);
  checkParallel([hypotheses, ...references, ...(other === undefined ? [] : [other])]);
  if (MOSES_METHODS.includes(args.method)) references.forEach(noteUntokenized);
  if (!TOKENIZED_METHODS.includes(args.method)) noteTokenized(hypotheses);

  const lines = references.map((reference) => reference.lines);
  const inputs = { hypotheses: identity(hypotheses), references: references.map(identity) };
  if (other === undefined) {
    const result = bleu(hypotheses.lines, lines, options);
    if (args.json) await printJson({ ...inputs, ...result });
    else await printText(`${formatBleu(result)}\n`);
    return;
  }
  const { baseline, system, pValue } = compareBleu(hypotheses.lines, other.lines, lines, options);
  const comparison = { hypotheses: identity(other), ...system, pValue };
  if (args.json) await printJson({ ...inputs, ...baseline, comparison });
  else await printText(asTable([hypotheses.path, baseline], [other.path, system], pValue));
});

/** A text file by its lines. */
interface Lines {
  readonly path: string;
  readonly sha256: string;
  readonly lines: readonly string[];
}

async function readLines(path: string): Promise<Lines> {
  const { text, sha256 } = await readInput(path);
  if (text === '') throw new DataError('is empty; it must have one line for each sentence', { file: path });
  return { path, sha256, lines: text.replace(/\n$/, '').split('\n') };
}

async function readAll(paths: readonly string[]): Promise<Lines[]> {
  const files: Lines[] = [];
  for (const path of paths) files.push(await readLines(path));
  return files;
}

function checkParallel([first, ...others]: readonly Lines[]): void {
  for (const { path, lines } of others) {
    if (lines.length === first.lines.length) continue;
    throw new DataError(
      `has ${lines.length} lines, but ${first.path} has ${first.lines.length}; their lines must stand for the same sentences`,
      { file: path },
    );
  }
}

function noteUntokenized({ path, lines }: Lines): void {
  const line = findUntokenized(lines);
  if (line < 0) return;
  note(`${path}: line ${line + 1} is not tokenised by Moses, as the references of this method must be`);
}

/** The sign that sacreBLEU goes by. */
function noteTokenized({ path, lines }: Lines): void {
  const tokenized = lines.filter((line) => line.endsWith(' .')).length;
  if (tokenized < 100) return;
  note(
    `${path}: ${tokenized} lines end in " .", but this method wants them as they were before tokenisation`,
  );
}

function identity({ path, sha256, lines }: Lines) {
  return { path, sha256, lines: lines.length };
}

type NamedResult = readonly [path: string, result: BleuResult];

function asTable(baseline: NamedResult, system: NamedResult, pValue: number): string {
  const table = formatTable(
    [{ heading: 'system' }, { heading: 'BLEU (μ ± 95 % CI)' }, { heading: 'p' }],
    [
      [`baseline: ${baseline[0]}`, formatScore(baseline[1]), ''],
      [system[0], formatScore(system[1]), formatFixed(pValue, 4)],
    ],
  );
  return `${table}\nBLEU|${system[1].signature}\n`;
}
