import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, type Scope, write } from '../../graph/device/scope.ts';
import { padIds } from './batching.ts';
import { PAD, type TransformerConfig } from './config.ts';
import { timingSignal } from './timing.ts';

/** One side of a batch, as its network reads it: column `sentence · length + position`. */
export interface Sentences {
  /** How many there are. */
  readonly count: number;
  /** Positions of a sentence, with its padding. */
  readonly length: number;
  /** `[columns]` */
  readonly ids: DeviceTensor;
  /** `[1, columns]`: √H, 0 for padding. */
  readonly scale: DeviceTensor;
  /** `[H, columns]` */
  readonly timing: DeviceTensor;
}

/** Room for pairs of sentences. */
export interface TrainingBatch {
  /** `[1]`: always 0, as in the original. */
  readonly targetSpace: DeviceTensor;
  /** What is translated. */
  readonly sources: Sentences;
  /** What the decoder reads: targets moved on by one position, padding first. */
  readonly targets: Sentences;
  /** `[target columns]`: what it should say. */
  readonly labels: DeviceTensor;
  /** `[1, target columns]`: 1, 0 for padding. */
  readonly labelWeights: DeviceTensor;
}

/** Lengths of the two sides, of which every batch of a graph must have room in. */
export interface BatchShape {
  /** B */
  readonly sentences: number;
  /** Most tokens of a source. */
  readonly sourceLength: number;
  /** Most tokens of a target. */
  readonly targetLength: number;
}

/** Allocates a batch; `writeBatch` fills it, as often as there are batches. */
export function allocateBatch(
  scope: Scope,
  { hidden }: Pick<TransformerConfig, 'hidden'>,
  shape: BatchShape,
): TrainingBatch {
  requireOptions('allocateBatch', shape, ['sentences', 'sourceLength', 'targetLength']);
  const { sentences, sourceLength, targetLength } = shape;
  const side = (name: string, length: number): Sentences => ({
    count: sentences,
    length,
    ids: scope.tensor(`${name} ids`, [sentences * length]),
    scale: scope.tensor(`${name} scale`, [1, sentences * length]),
    timing: scope.upload(`${name} timing`, [hidden, sentences * length], timing(sentences, length, hidden)),
  });
  return {
    targetSpace: scope.tensor('target space', [1]),
    sources: side('source', sourceLength),
    targets: side('target', targetLength),
    labels: scope.tensor('labels', [sentences * targetLength]),
    labelWeights: scope.tensor('label weights', [1, sentences * targetLength]),
  };
}

/**
 * Puts pairs of sentences into a batch.
 * @param sources ids, each sentence with its end
 * @param targets likewise
 * @throws {UsageError} where there are more or fewer than the batch has room for, or one is too long.
 */
export function writeBatch(
  gpu: Gpu,
  batch: TrainingBatch,
  sources: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
): void {
  checkFits('source', batch.sources, sources);
  checkFits('target', batch.targets, targets);
  writeSide(gpu, batch.sources, padIds(sources, batch.sources.length));
  const labels = padIds(targets, batch.targets.length);
  write(gpu, batch.labels, labels);
  write(gpu, batch.labelWeights, Float32Array.from(labels, isToken));
  writeSide(gpu, batch.targets, padIds(targets.map(shiftRight(batch.targets.length)), batch.targets.length));
}

function writeSide(gpu: Gpu, { ids, scale, timing }: Sentences, values: Uint32Array): void {
  const factor = Math.sqrt(timing.shape[0]);
  write(gpu, ids, values);
  write(
    gpu,
    scale,
    Float32Array.from(values, (id) => factor * isToken(id)),
  );
}

/**
 * Padding before the first token; the last one, which the decoder never reads, drops out of a full sentence.
 */
function shiftRight(length: number): (ids: readonly number[]) => number[] {
  return (ids) => [PAD, ...ids].slice(0, length);
}

function isToken(id: number): number {
  return id === PAD ? 0 : 1;
}

function checkFits(side: string, { count, length }: Sentences, ids: readonly (readonly number[])[]): void {
  if (ids.length !== count) throw new UsageError(`${ids.length} ${side} sentences for a batch of ${count}`);
  const long = ids.findIndex((sentence) => sentence.length > length);
  if (long >= 0) {
    throw new UsageError(
      `${side} sentence ${long} has ${ids[long].length} tokens, the batch has room for ${length}`,
    );
  }
}

/** The timing signal of every sentence, feature-major. */
function timing(sentences: number, length: number, hidden: number): Float32Array {
  const signal = timingSignal(length, hidden);
  const columns = sentences * length;
  return Float32Array.from(
    { length: hidden * columns },
    (_, i) => signal[((i % columns) % length) * hidden + Math.floor(i / columns)],
  );
}
