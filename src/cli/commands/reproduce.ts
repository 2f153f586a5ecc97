import { type ArgsDef, defineCommand, type ParsedArgs } from 'citty';
import { UsageError } from '../../base/errors.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import { fits, PUBLISHED_AT, PUBLISHED_CHECKPOINTS, publishedCheckpoint } from '../../results/catalogue.ts';
import {
  type CheckpointResult,
  mergeResults,
  readResults,
  requireSameTasks,
  writeResult,
} from '../../results/reproduction/checkpoint-result.ts';
import { findCheckpoint } from '../../results/reproduction/find-checkpoint.ts';
import { buildReport, type Report } from '../../results/reproduction/report.ts';
import { figuresTable, reportedModels, summaryLine } from '../../results/reproduction/report-tables.ts';
import { readTargets, type Target } from '../../results/reproduction/target.ts';
import { parseTolerance } from '../../results/reproduction/tolerance.ts';
import { writeReport } from '../../results/reproduction/write-report.ts';
import { ArgumentError, repeatedOption, wholeOption } from '../arguments.ts';
import { CATALOGUE_ARGUMENTS, checkpointFilter } from '../catalogue-arguments.ts';
import { note, print } from '../report/print.ts';
import { formatTable } from '../report/table.ts';
import { readClassificationTask, readTranslationTask } from '../reproduction/read-tasks.ts';
import { type ReproductionOutcome, runReproduction } from '../reproduction/run-reproduction.ts';
import { interruptible } from '../session/interrupt.ts';
import { shardOption } from './evaluate.ts';
import { fetchOne } from './fetch.ts';

const ARGUMENTS = {
  ...CATALOGUE_ARGUMENTS,
  checkpoints: {
    type: 'string',
    valueHint: 'folder',
    description:
      'Where the checkpoints are, as directories or archives; by default where "tsos fetch" keeps them',
  },
  fetch: { type: 'boolean', description: 'Download those that are not there' },
  from: {
    type: 'string',
    valueHint: 'url',
    default: PUBLISHED_AT,
    description: 'Where to get them, such as a mirror',
  },
  catalogue: {
    type: 'string',
    valueHint: 'file',
    description: 'Other checkpoints than the published ones, as "tsos list --json" prints them',
  },
  newstest: {
    type: 'string',
    valueHint: 'folder',
    description:
      'Has newstest2014.en, newstest2014.tok.de and the vocabulary; without it no BLEU is measured',
  },
  source: { type: 'string', valueHint: 'file', description: 'English sentences, instead of those' },
  reference: { type: 'string', valueHint: 'file', description: 'Their translations, tokenised by Moses' },
  vocab: { type: 'string', valueHint: 'file', description: 'Subword vocabulary of the Transformers' },
  'extra-length': {
    type: 'string',
    valueHint: 'n',
    description:
      'Most tokens beyond the longest source L of a batch, as since Tensor2Tensor 1.15; by default 2L + 50, as when the paper was made',
  },
  data: {
    type: 'string',
    valueHint: 'path',
    description:
      'Pictures of the ImageNet validation set, as for "tsos evaluate"; without it no top-1 is measured',
  },
  labels: { type: 'string', valueHint: 'file', description: 'Classes of JPEG files, as for "tsos evaluate"' },
  limit: { type: 'string', valueHint: 'n', description: 'Only so many sentences and pictures from the top' },
  batch: { type: 'string', default: '32', valueHint: 'n', description: 'Sentences or pictures a batch' },
  shard: {
    type: 'string',
    valueHint: 'i/n',
    description: 'Only each n-th checkpoint, from the i-th on, i from 0',
  },
  output: {
    type: 'string',
    default: 'reproduction',
    valueHint: 'folder',
    description: 'Gets report.html, report.md, report.json, and a result for each checkpoint',
  },
  resume: { type: 'boolean', description: 'Go on where an interrupted run with the same output stopped' },
  merge: {
    type: 'string',
    valueHint: 'folder',
    description:
      'Measure nothing: report on the results in this output of another run; may be given several times',
  },
  tolerance: {
    type: 'string',
    valueHint: 'figure=points',
    description:
      'How far a figure may be from the published one, sparsity=0.005, bleu=0.1 and top-1=0.1 unless given; may be given several times',
  },
  json: { type: 'boolean', description: 'Print the report as one JSON object' },
} as const satisfies ArgsDef;

export const reproduceCommand = defineCommand({
  meta: {
    name: 'reproduce',
    description: 'Measure published checkpoints again, and report how the figures compare',
  },
  args: ARGUMENTS,
  async run({ args, rawArgs }) {
    const targets = await chosenTargets(args);
    const tolerance = parseTolerance(repeatedOption(rawArgs, 'tolerance'));
    const merged = repeatedOption(rawArgs, 'merge');
    const { report, results } =
      merged.length > 0
        ? await mergeFolders(merged, args.output, (all) => buildReport(targets, all, { tolerance }))
        : await measure({ args, targets, tolerance, data: repeatedOption(rawArgs, 'data') });
    await print(args.json ? `${JSON.stringify(report)}\n` : asTables(report));
    note(summaryLine(report));
    note(`the report is ${args.output}/report.html, and as text report.md and report.json`);
    return exitCode(report, results);
  },
});

type Arguments = ParsedArgs<typeof ARGUMENTS>;

async function chosenTargets(args: Arguments): Promise<Target[]> {
  const all = args.catalogue === undefined ? PUBLISHED_CHECKPOINTS : await readTargets(args.catalogue);
  const filter = checkpointFilter(args);
  const targets = all.filter((target) => fits(target, filter));
  if (targets.length === 0) throw new ArgumentError('no checkpoint is like that; "tsos list" has all');
  return targets;
}

interface MeasureRequest {
  readonly args: Arguments;
  readonly targets: readonly Target[];
  readonly tolerance: Report['tolerance'];
  readonly data: readonly string[];
}

async function measure({ args, targets, tolerance, data }: MeasureRequest): Promise<ReproductionOutcome> {
  const { index, count } = shardOption(args.shard) ?? { index: 0, count: 1 };
  const share = targets.filter((_, i) => i % count === index);
  const sizes = { limit: wholeOption('limit', args.limit, 1), batch: wholeOption('batch', args.batch, 1)! };
  const isWanted = (model: Target['model']) => share.some((target) => target.model === model);
  const transformer = isWanted('transformer')
    ? await readTranslationTask({
        newstest: args.newstest,
        source: args.source,
        reference: args.reference,
        vocabulary: args.vocab,
        extraLength: wholeOption('extra-length', args['extra-length']),
        ...sizes,
      })
    : undefined;
  const rn50 = isWanted('rn50')
    ? await readClassificationTask({ data, labels: args.labels, ...sizes })
    : undefined;
  if (isWanted('transformer') && !transformer)
    note('no --newstest: of Transformers only sparsity is measured');
  if (isWanted('rn50') && !rn50) note('no --data: of ResNets only sparsity is measured');
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
        if (path !== undefined || !args.fetch) return path;
        const job = { cache: folder, from: args.from, attempts: FETCH_ATTEMPTS, signal };
        return (await fetchOne(publishedCheckpoint(target.name), job)).path;
      },
    });
  });
}

/** As of "tsos fetch". */
const FETCH_ATTEMPTS = 6;

/** Puts results of several runs into one folder, with the report on all of them. */
async function mergeFolders(
  folders: readonly string[],
  output: string,
  reportOn: (results: ReadonlyMap<string, CheckpointResult>) => Report,
): Promise<ReproductionOutcome> {
  const results = mergeResults(await Promise.all(folders.map(readResults)));
  if (results.size === 0)
    throw new UsageError(`${folders.join(', ')}: no results of "tsos reproduce" are there`);
  requireSameTasks(results.values(), {}, folders.join(', '));
  for (const { format, ...result } of results.values()) await writeResult(output, result);
  const report = reportOn(results);
  await writeReport(output, report);
  return { report, results };
}

function asTables(report: Report): string {
  return reportedModels(report)
    .map((model) => figuresTable(report, model))
    .map(({ columns, rows }) =>
      formatTable(
        columns,
        rows.map(({ cells }) => cells),
      ),
    )
    .join('\n');
}

/** 1 where a figure differs; else that of the first checkpoint that failed. */
function exitCode({ summary, checkpoints }: Report, results: ReproductionOutcome['results']): number {
  if (summary.differing > 0) return 1;
  const failed = checkpoints
    .map(({ name }) => results.get(name))
    .find((result) => result && 'failure' in result);
  return failed && 'failure' in failed ? failed.failure.exitCode : 0;
}
