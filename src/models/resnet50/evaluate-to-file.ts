import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { agreeing, fields, listOf, type Shape, whole } from '../../base/json-shape.ts';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { fileStatesDigest, isNewerThan } from '../../io/files/file-states.ts';
import type { Journal } from '../../io/files/journal.ts';
import { removeOwnJournal, writeJournalled } from '../../io/files/journalled-file.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import { addTotals, type ClassificationTotals, NO_PICTURES } from '../../metrics/classification.ts';
import { requireSkipBad, type UnusablePicture } from './classify.ts';
import { type EvaluatedBatch, type EvaluateOptions, evaluate } from './evaluate.ts';
import {
  type EvaluationIdentity,
  type EvaluationPart,
  FORMAT,
  formatEvaluationPart,
  readEvaluationPart,
  TOTALS,
  totalsOf,
  UNUSABLE_PICTURE,
  writtenTotals,
} from './evaluation-part.ts';
import type { ResNet50 } from './model.ts';
import { weightDecayLoss as decayOf } from './weight-decay.ts';

/** How `evaluateToFile` evaluates, and where to. */
export interface EvaluateToFileOptions extends Omit<EvaluateOptions, 'skip' | 'onBatch'> {
  /** The file to write. Until the evaluation is done, the totals of finished batches are kept in `<output>.partial`. */
  readonly output: string;
  /**
   * Take up what an interrupted run has left in `<output>.partial`, and leave a finished output of the same run as it is.
   * Without it both are overwritten, the former not before the first new batch is done.
   */
  readonly resume?: boolean | undefined;
  /** What the model was loaded from, open; or its SHA-256, see `checkpointDigest`. */
  readonly checkpoint: Checkpoint | string;
  /** SHA-256 that tells the pictures from others. Default: `pictureSetDigest` of the source. */
  readonly data?: string | undefined;
  /** The part of the loss that the pictures do not decide. Default: `weightDecayLoss` of the open checkpoint. */
  readonly weightDecayLoss?: number | undefined;
  /** Files that the run reads beside the pictures and the open checkpoint, which the output must not replace. */
  readonly inputs?: readonly (string | undefined)[] | undefined;
  /** Whether an output of another run may be replaced. Default true. */
  readonly replace?: boolean | undefined;
  /** Called instead of all that follows where a finished output is left as it is. */
  readonly onFinished?: ((part: EvaluationPart) => void) | undefined;
  /** Called before the first batch. */
  readonly onStart?: ((start: EvaluationStart) => void) | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}

/** How an evaluation into a file begins. */
export interface EvaluationStart {
  /** Pictures that an earlier run had seen. */
  readonly resumed: number;
  /** Batches of an earlier run that are not taken up. */
  readonly discarded: number;
  /** Bytes of what an earlier run has left that are damaged; what they stood for is done again. */
  readonly damagedBytes: number;
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** Exact counts so far, those of an earlier run included. */
  readonly totals: ClassificationTotals;
  /** Pictures seen, those that could not be used and those of an earlier run included. */
  readonly seen: number;
  /** Pictures a second of this run. */
  readonly rate: number;
}

/** A line of the journal: one batch. */
interface Entry extends Pick<EvaluationPart, 'totals'> {
  readonly bad: readonly UnusablePicture[];
  readonly milliseconds: number;
}

const ENTRY = agreeing(
  fields({ totals: TOTALS, bad: listOf(UNUSABLE_PICTURE), milliseconds: whole() }),
  ({ totals, bad }) => (totals.pictures + bad.length > 0 ? undefined : 'a batch without a picture cannot be'),
) satisfies Shape<Entry>;

/**
 * Evaluates into a file, which appears whole or not at all. Every finished batch is kept, so that a run that was interrupted,
 * or that stopped at a picture it cannot use, can be resumed; the result is the same.
 * @throws {UsageError} for options that lack something, where the file cannot be written, or where the run to resume had other
 *   inputs or options.
 */
export async function evaluateToFile(
  model: ResNet50,
  source: PictureSource,
  options: EvaluateToFileOptions,
): Promise<EvaluationPart> {
  requireOptions('evaluateToFile', options, ['output', 'checkpoint']);
  const { output, resume = false, replace, onFinished, onStart, onProgress, ...evaluation } = options;
  const { checkpoint } = options;
  const opened = typeof checkpoint === 'string' ? [] : await checkpointInputs(checkpoint.path);
  const inputs = [...source.files, source.labels, ...opened, ...(options.inputs ?? [])];
  const { shard = { index: 0, count: 1 } } = options;
  const { weightDecayLoss, ...digests } = await describeInputs(model, source, options);
  const identity = identityOf(model, digests, options.limit);
  const header = {
    ...identity,
    shard: `${shard.index}/${shard.count}`,
    modificationTimes: await fileStatesDigest(source.files),
  };
  const finished = resume ? await finishedPart(output, identity, shard, source.files) : undefined;
  if (finished !== undefined) {
    await removeOwnJournal(output, { header, record: ENTRY, resume });
    onFinished?.(finished);
    return finished;
  }
  const journalled = { header, record: ENTRY, resume, inputs, replace, selfDescribing: true };
  return writeJournalled(output, journalled, async (journal) => {
    const earlier = finishedBatches(journal);
    requireSkipBad(options.skipBad, earlier.bad.length, journal.path);
    const resumed = seen(earlier);
    onStart?.({ resumed, discarded: journal.discarded, damagedBytes: journal.damagedBytes });
    const clock = stopwatch();
    let sum = earlier;
    await evaluate(model, source, {
      ...evaluation,
      skip: resumed,
      async onBatch(batch) {
        const milliseconds = clock.lap();
        await journal.append({ ...batch, totals: writtenTotals(batch.totals), milliseconds } satisfies Entry);
        sum = added(sum, { ...batch, milliseconds });
        const rate = (seen(sum) - resumed) / clock.seconds();
        onProgress?.({ totals: sum.totals, seen: seen(sum), rate });
      },
    });
    const part: EvaluationPart = {
      format: FORMAT,
      identity,
      shards: { count: shard.count, done: [shard.index] },
      ...sum,
      totals: writtenTotals(sum.totals),
      weightDecayLoss,
      adapters: [model.adapter],
    };
    return { text: formatEvaluationPart(part), result: part };
  });
}

interface InputDigests {
  readonly checkpoint: string;
  readonly data: string;
}

/** Finds out what was not given. */
async function describeInputs(
  model: ResNet50,
  source: PictureSource,
  { checkpoint, data, weightDecayLoss }: EvaluateToFileOptions,
): Promise<InputDigests & { readonly weightDecayLoss: number }> {
  if (typeof checkpoint === 'string' && weightDecayLoss === undefined) {
    throw new UsageError(
      'evaluateToFile: the options lack weightDecayLoss, which a digest does not tell; give the open checkpoint',
    );
  }
  return {
    checkpoint:
      typeof checkpoint === 'string' ? checkpoint : (await checkpointDigest(checkpoint.path)).sha256,
    data: data ?? (await pictureSetDigest(source)),
    weightDecayLoss: weightDecayLoss ?? (await decayOf(checkpoint as Checkpoint, model.config)),
  };
}

/** What an earlier run of the same has written, unless a picture was changed since. */
async function finishedPart(
  output: string,
  identity: EvaluationIdentity,
  shard: { index: number; count: number },
  pictures: readonly string[],
): Promise<EvaluationPart | undefined> {
  if (!(await isNewerThan(output, pictures))) return undefined;
  const part = await readEvaluationPart(output).catch(() => undefined);
  if (part === undefined) return undefined;
  const { count, done } = part.shards;
  const isSameShard = count === shard.count && done.length === 1 && done[0] === shard.index;
  const keys = Object.keys(identity) as (keyof EvaluationIdentity)[];
  return isSameShard && keys.every((key) => part.identity[key] === identity[key]) ? part : undefined;
}

function identityOf(
  { config }: ResNet50,
  { checkpoint, data }: InputDigests,
  limit: number | undefined,
): EvaluationIdentity {
  return {
    checkpoint,
    technique: config.technique,
    threshold: config.threshold?.value ?? null,
    valuePrecision: config.valuePrecision,
    classes: config.classes,
    imageSize: config.imageSize,
    data,
    limit: limit ?? null,
  };
}

/** What came of several batches. */
interface Sum extends EvaluatedBatch {
  readonly milliseconds: number;
}

function added(a: Sum, b: Sum): Sum {
  return {
    totals: addTotals(a.totals, b.totals),
    bad: [...a.bad, ...b.bad],
    milliseconds: a.milliseconds + b.milliseconds,
  };
}

function seen({ totals, bad }: EvaluatedBatch): number {
  return totals.pictures + bad.length;
}

function finishedBatches({ records }: Journal<Entry>): Sum {
  return records
    .map((entry) => ({ ...entry, totals: totalsOf(entry) }))
    .reduce(added, { totals: NO_PICTURES, bad: [], milliseconds: 0 });
}

function stopwatch() {
  const started = performance.now();
  let last = started;
  return {
    /** Milliseconds since it was asked last. */
    lap(): number {
      const now = performance.now();
      const lap = Math.round(now - last);
      last = now;
      return lap;
    },
    /** Seconds since it was started. */
    seconds: () => (performance.now() - started) / 1000,
  };
}
