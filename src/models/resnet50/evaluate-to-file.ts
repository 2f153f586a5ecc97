import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DataError } from '../../errors.ts';
import { replaceableFile, writeFileAtomic } from '../../io/atomic-file.ts';
import { Journal, type JournalHeader } from '../../io/journal.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import { addTotals, type ClassificationTotals, NO_PICTURES } from '../../metrics/classification.ts';
import { type EvaluateOptions, evaluate, type UnusablePicture } from './evaluate.ts';
import {
  type EvaluationIdentity,
  type EvaluationPart,
  FORMAT,
  totalsOf,
  writtenTotals,
} from './evaluation-part.ts';
import type { ResNet50 } from './model.ts';

/** How `evaluateToFile` evaluates, and where to. */
export interface EvaluateToFileOptions extends Omit<EvaluateOptions, 'skip' | 'onBatch'> {
  /** The file to write. Until the evaluation is done, the totals of finished batches are kept in `<output>.partial`. */
  readonly output: string;
  /** Take up what an interrupted run has left in `<output>.partial`. Without it that is overwritten. */
  readonly resume?: boolean;
  /** SHA-256 of the checkpoint. */
  readonly checkpoint: string;
  /** See `pictureSetDigest`. */
  readonly data: string;
  /** See `weightDecayLoss`. */
  readonly weightDecayLoss: number;
  /** The adapter, in a line. */
  readonly adapter: string;
  /** Called before the first batch and after each. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  readonly totals: ClassificationTotals;
  /** Pictures seen, those that could not be used included. */
  readonly seen: number;
  /** Pictures of this that an earlier run had seen. */
  readonly resumed: number;
  /** Pictures a second of this run. */
  readonly rate: number;
}

/** A line of the journal: totals of one batch. */
interface Entry {
  readonly totals: EvaluationPart['totals'];
  readonly bad: readonly UnusablePicture[];
  readonly milliseconds: number;
}

/**
 * Evaluates into a file, which appears whole or not at all. Every finished batch is kept, so that an interrupted run can be
 * resumed; the result is the same.
 * @throws {UsageError} where the file cannot be written, or where the run to resume had other inputs or options.
 */
export async function evaluateToFile(
  model: ResNet50,
  source: PictureSource,
  options: EvaluateToFileOptions,
): Promise<EvaluationPart> {
  const { output, resume = false, onProgress, weightDecayLoss, adapter, ...rest } = options;
  const { shard = { index: 0, count: 1 } } = options;
  await replaceableFile(output);
  const identity = identityOf(model, options);
  const header: JournalHeader = {
    ...identity,
    shard: `${shard.index}/${shard.count}`,
    skipBad: options.skipBad ?? false,
  };
  const journal = await Journal.open(`${output}.partial`, header, { resume });
  try {
    const entries = journal.records.map((record) => entryOf(record, journal.path));
    let totals = entries.map(totalsOf).reduce(addTotals, NO_PICTURES);
    const bad = entries.flatMap((entry) => entry.bad);
    let milliseconds = entries.reduce((sum, entry) => sum + entry.milliseconds, 0);
    const resumed = totals.pictures + bad.length;
    const started = performance.now();
    let last = started;
    const report = () => {
      const seen = totals.pictures + bad.length;
      const rate = (seen - resumed) / ((performance.now() - started) / 1000);
      onProgress?.({ totals, seen, resumed, rate });
    };
    report();
    await evaluate(model, source, {
      ...rest,
      skip: resumed,
      async onBatch(batch) {
        const now = performance.now();
        const entry: Entry = {
          totals: writtenTotals(batch.totals),
          bad: batch.bad,
          milliseconds: Math.round(now - last),
        };
        last = now;
        await journal.append(entry);
        totals = addTotals(totals, batch.totals);
        bad.push(...batch.bad);
        milliseconds += entry.milliseconds;
        report();
      },
    });
    const part: EvaluationPart = {
      format: FORMAT,
      identity,
      shards: { count: shard.count, done: [shard.index] },
      totals: writtenTotals(totals),
      bad,
      weightDecayLoss,
      milliseconds,
      adapters: [adapter],
    };
    await writeFileAtomic(output, `${JSON.stringify(part, null, 2)}\n`);
    await journal.remove();
    return part;
  } catch (error) {
    // The cause is what matters; that the journal cannot be closed follows from it.
    await journal.close().catch(() => {});
    throw error;
  }
}

/** Tells sets of pictures apart by names and sizes of their files, in order, and by the labels. */
export async function pictureSetDigest(source: PictureSource, labels: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  for (const file of source.files) hash.update(`${basename(file)} ${(await stat(file)).size}\n`);
  if (labels !== undefined) hash.update(await readFile(labels));
  return hash.digest('hex');
}

function identityOf(
  { config }: ResNet50,
  { checkpoint, data, limit }: EvaluateToFileOptions,
): EvaluationIdentity {
  return {
    checkpoint,
    technique: config.technique,
    threshold: config.threshold?.value ?? null,
    classes: config.classes,
    data,
    limit: limit ?? null,
  };
}

function entryOf(record: unknown, file: string): Entry {
  const { totals, bad, milliseconds } = (record ?? {}) as Partial<Entry>;
  if (typeof totals?.crossEntropy !== 'string' || !Array.isArray(bad) || typeof milliseconds !== 'number') {
    throw new DataError('is no journal of an evaluation; remove it or choose another output', { file });
  }
  return { totals, bad, milliseconds };
}
