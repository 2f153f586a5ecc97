import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import { diskTree } from '../../io/files/disk-tree.ts';
import { refuseInputs } from '../../io/files/output-place.ts';
import { fits } from '../../results/catalogue.ts';
import { publishedPath } from '../../results/checkpoint-path.ts';
import { namedCheckpoints } from '../../results/named-checkpoints.ts';
import { MODEL_LABEL } from '../../results/plots/appearance.ts';
import {
  type CheckpointResult,
  mergeResults,
  readResults,
  requireSameTasks,
  resultPath,
  writeResult,
} from '../../results/reproduction/checkpoint-result.ts';
import { findCheckpoint } from '../../results/reproduction/find-checkpoint.ts';
import { buildReport, type Report } from '../../results/reproduction/report.ts';
import {
  figuresTable,
  partialLines,
  reportedModels,
  restLines,
  summaryLine,
} from '../../results/reproduction/report-tables.ts';
import type { Target } from '../../results/reproduction/target.ts';
import { parseTolerance } from '../../results/reproduction/tolerance.ts';
import { REPORT_FILES, writeReport } from '../../results/reproduction/write-report.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { PUBLISHED_MODEL, PUBLISHED_SPARSITY, PUBLISHED_TECHNIQUE } from '../arguments/catalogue-options.ts';
import { CATALOGUE, FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { each, inputFile, shard, wholeNumber } from '../arguments/values.ts';
import { newstestFolder } from '../reproduction/newstest-folder.ts';
import { readClassificationTask, readTranslationTask } from '../reproduction/read-tasks.ts';
import { type ReproductionOutcome, runReproduction } from '../reproduction/run-reproduction.ts';
import { fetching, isOffline } from '../session/fetching.ts';
import {
  namedText,
  publishedCheckpoints,
  requireTexts,
  VOCABULARY,
  vocabularyFor,
} from '../session/published.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { formatTable } from '../terminal/table.ts';

export const reproduceCommand = new Command('reproduce')
  .argument(
    '[names...]',
    'Published checkpoints, as "tsos list" has them or by patterns such as "*_0.9_*", which are fetched; by default all that are there',
  )
  .addOption(PUBLISHED_MODEL)
  .addOption(PUBLISHED_TECHNIQUE)
  .addOption(PUBLISHED_SPARSITY)
  .option(
    '--checkpoints <folder>',
    'Where the checkpoints are, as directories or archives; by default where "tsos fetch" keeps them',
  )
  .option('--fetch', 'Download those that are not there')
  .addOption(FROM)
  .addOption(OFFLINE)
  .addOption(CATALOGUE)
  .option(
    '--newstest <folder>',
    'Has newstest2014.en, newstest2014.tok.de and the vocabulary, instead of what is fetched',
  )
  .option('--source <file>', 'English sentences, instead of those', inputFile)
  .option('--reference <file>', 'Their translations, tokenised by Moses', inputFile)
  .option('--vocab <file>', 'Subword vocabulary of the Transformers', inputFile)
  .option(
    '--extra-length <n>',
    'Most tokens beyond the longest source L of a batch, as since Tensor2Tensor 1.15; by default 2L + 50, as when the paper was made',
    wholeNumber(),
  )
  .option(
    '--data <path>',
    'Pictures of the ImageNet validation set, as for "tsos evaluate"; without it no top-1 is measured',
    each,
    [],
  )
  .option('--labels <file>', 'Classes of JPEG files, as for "tsos evaluate"', inputFile)
  .option('--limit <n>', 'Only so many sentences and pictures from the top', wholeNumber(1))
  .option('--batch <n>', 'Sentences or pictures a batch', wholeNumber(1), 32)
  .option('--shard <i/n>', 'Only each n-th checkpoint, from the i-th on, i from 0', shard)
  .option(
    '--output <folder>',
    'Gets report.html, report.md, report.json, and a result for each checkpoint',
    'reproduction',
  )
  .option(
    '--resume',
    'Go on where an interrupted run with the same output stopped; leave what the output has results of',
  )
  .option('--force', 'Measure again what the output has results of')
  .option(
    '--merge <folder>',
    'Measure nothing: report on the results in this output of another run; may be given several times',
    each,
    [],
  )
  .option(
    '--tolerance <figure=points>',
    'How far a figure may be from the published one, sparsity=0.005, bleu=0.1 and top-1=0.1 unless given; may be given several times',
    each,
    [],
  )
  .option('--json', 'Print the report as one JSON object');

type Options = ReturnType<typeof reproduceCommand.opts>;

reproduceCommand.action(async (names, args) => {
  const targets = await chosenTargets(names, args);
  const tolerance = parseTolerance(args.tolerance);
  const { report, results } =
    args.merge.length > 0
      ? await mergeFolders(args.merge, args.output, (all) => buildReport(targets, all, { tolerance }))
      : await measure({ ...args, mayFetch: mayFetch(names, args) }, targets, tolerance);
  if (args.json) await printJson(report);
  else await printText(asText(report));
  note(summaryLine(report));
  note(`the report is ${args.output}/report.html, and as text report.md and report.json`);
  process.exitCode = exitCode(report, results);
});

/** Those that are named are fetched; of all only on request, since they are 49. */
function mayFetch(names: readonly string[], { fetch, offline }: Options): boolean {
  return (fetch === true || names.length > 0) && !isOffline(offline);
}

async function chosenTargets(names: readonly string[], args: Options): Promise<Target[]> {
  const published = await publishedCheckpoints(args.catalogue);
  const all = names.length === 0 ? published : namedCheckpoints(published, names);
  const targets = all.filter((target) => fits(target, args));
  if (targets.length === 0) throw new ArgumentError('no checkpoint is like that; "tsos list" has all');
  return targets;
}

async function measure(
  args: Options & { readonly mayFetch: boolean },
  targets: readonly Target[],
  tolerance: Report['tolerance'],
): Promise<ReproductionOutcome> {
  const { limit, batch, shard: { index, count } = { index: 0, count: 1 } } = args;
  if (count > targets.length) {
    throw new ArgumentError(
      `--shard ${index}/${count}: there are only ${targets.length} checkpoints for so many parts`,
    );
  }
  const share = targets.filter((_, i) => i % count === index);
  if (!args.resume && !args.force) await refuseMeasured(args.output, share);
  await requireTexts(args.source, args.reference, args.vocab, args.labels);
  const isWanted = (model: Target['model']) => share.some((target) => target.model === model);
  const transformer = isWanted('transformer')
    ? await readTranslationTask({
        newstest: await newstestFolder(args),
        ...(await namedTexts(args)),
        extraLength: args.extraLength,
        limit,
        batch,
      })
    : undefined;
  const rn50 = isWanted('rn50')
    ? await readClassificationTask({ data: args.data, labels: args.labels, limit, batch })
    : undefined;
  if (isWanted('transformer') && !transformer)
    note('without newstest2014, of Transformers only sparsity is measured; --newstest or --fetch gets it');
  if (isWanted('rn50') && !rn50) note('no --data: of ResNets only sparsity is measured');
  await refuseInputs(args.output, writtenInto(args.output, targets), [
    args.catalogue,
    ...(transformer?.files ?? []),
    ...(rn50?.pictures.files ?? []),
    args.labels,
  ]);
  const folder = args.checkpoints ?? cacheDirectory();
  return interruptible(async (signal, advise) => {
    advise(`what is done is kept in ${args.output}, run the same with --resume to go on`);
    return runReproduction({
      targets,
      share,
      tasks: { ...(transformer && { transformer }), ...(rn50 && { rn50 }) },
      folder: args.output,
      resume: args.resume ?? false,
      tolerance,
      signal,
      async find(target) {
        const path = await findCheckpoint(folder, target);
        // What is in a folder of the user's is what the user says it is.
        if (path === undefined ? !args.mayFetch : args.checkpoints !== undefined) return path;
        const settings = { cache: folder, from: args.from, offline: !args.mayFetch, signal };
        return fetching(target.name, settings, (options) => publishedPath(target, options));
      },
    });
  });
}

/** Texts that are given by name are fetched, and so is the vocabulary where sentences are given without one. */
async function namedTexts(args: Options & { readonly mayFetch: boolean }) {
  const { newstest, source, reference, from, mayFetch } = args;
  const settings = { from, offline: !mayFetch };
  const isAlone = newstest === undefined && source !== undefined && reference !== undefined;
  const vocab = args.vocab ?? (isAlone && mayFetch ? VOCABULARY : undefined);
  return {
    source: source && (await namedText(source, 'source', settings)),
    reference: reference && (await namedText(reference, 'tokenizedReference', settings)),
    vocabulary: vocab && (await vocabularyFor(vocab, '', settings)),
  };
}

/** @throws {UsageError} where a checkpoint was measured before: it may have taken hours. */
async function refuseMeasured(folder: string, targets: readonly Target[]): Promise<void> {
  for (const { name } of targets) {
    const path = resultPath(folder, name);
    if ((await diskTree.kind(path)) === undefined) continue;
    throw new UsageError(
      `${path}: is the result of an earlier run; leave it and measure the others (--resume), measure it again (--force), or choose another --output`,
    );
  }
}

function writtenInto(folder: string, targets: readonly Target[]): string[] {
  return [
    ...REPORT_FILES.map((name) => join(folder, name)),
    ...targets.map(({ name }) => resultPath(folder, name)),
  ];
}

/** Puts results of several runs into one folder, with the report on all of them. Of one run it may be its own folder. */
async function mergeFolders(
  folders: readonly string[],
  output: string,
  reportOn: (results: ReadonlyMap<string, CheckpointResult>) => Report,
): Promise<ReproductionOutcome> {
  if (folders.length > 1) await refuseInputs(output, [output], folders);
  const results = mergeResults(await Promise.all(folders.map(readResults)));
  if (results.size === 0)
    throw new UsageError(`${folders.join(', ')}: no results of "tsos reproduce" are there`);
  requireSameTasks(results.values(), {}, folders.join(', '));
  for (const { format, ...result } of results.values()) await writeResult(output, result);
  const report = reportOn(results);
  await writeReport(output, report);
  return { report, results };
}

function asText(report: Report): string {
  const tables = reportedModels(report).map((model) => {
    const { columns, rows } = figuresTable(report, model);
    const table =
      rows.length === 0
        ? ''
        : formatTable(
            columns,
            rows.map(({ cells }) => cells),
          );
    return `${table}${restLines(report, model)
      .map((line) => `${MODEL_LABEL[model]}: ${line}\n`)
      .join('')}`;
  });
  return [...partialLines(report).map((line) => `${line}\n`), ...tables].join('\n');
}

/** 1 where a figure differs; else that of the first checkpoint that failed. */
function exitCode({ summary, checkpoints }: Report, results: ReproductionOutcome['results']): number {
  if (summary.differing > 0) return 1;
  const failed = checkpoints
    .map(({ name }) => results.get(name))
    .find((result) => result && 'failure' in result);
  return failed && 'failure' in failed ? failed.failure.exitCode : 0;
}
