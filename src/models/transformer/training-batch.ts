import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, type Scope, write } from '../../graph/device/scope.ts';
import { padIds } from './batching.ts';
import { PAD, type TransformerConfig } from './config.ts';
import type { PackedRow, PackedSide } from './packed-row.ts';
import { timingSignal } from './timing.ts';

/** One side of a batch, as its network reads it: column `row · length + place`, a sentence in each row, or several. */
export interface Sentences {
  /** How many rows there are. */
  readonly count: number;
  /** Places of a row, with its padding. */
  readonly length: number;
  /** `[columns]` */
  readonly ids: DeviceTensor;
  /** `[1, columns]`: √H, 0 for padding. */
  readonly scale: DeviceTensor;
  /** `[columns]`: places of the tokens in their sentences. */
  readonly positions: DeviceTensor;
  /** `[length, H]`: the signal of each position. */
  readonly timing: DeviceTensor;
  /** `[columns]`, where rows are packed: which sentence of its row a token is of, 0 for padding. */
  readonly segments?: DeviceTensor | undefined;
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
  /** B: rows, which hold a sentence each unless they are packed. */
  readonly sentences: number;
  /** Most tokens of the source side of a row. */
  readonly sourceLength: number;
  /** Most tokens of its target side. */
  readonly targetLength: number;
  /** Rows hold several sentences, each of which sees itself only. */
  readonly packed?: boolean | undefined;
}

/** Allocates a batch; `writeBatch` fills it, or `writePackedBatch`, as often as there are batches. */
export function allocateBatch(
  scope: Scope,
  { hidden }: Pick<TransformerConfig, 'hidden'>,
  shape: BatchShape,
): TrainingBatch {
  requireOptions('allocateBatch', shape, ['sentences', 'sourceLength', 'targetLength']);
  const { sentences, sourceLength, targetLength, packed = false } = shape;
  const side = (name: string, length: number): Sentences => ({
    count: sentences,
    length,
    ids: scope.tensor(`${name} ids`, [sentences * length]),
    scale: scope.tensor(`${name} scale`, [1, sentences * length]),
    positions: scope.upload(`${name} positions`, [sentences * length], positions(sentences, length)),
    timing: scope.upload(`${name} timing`, [length, hidden], timingSignal(length, hidden)),
    segments: packed ? scope.tensor(`${name} segments`, [sentences * length]) : undefined,
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
 * @throws {UsageError} where there are more or fewer than the batch has room for, one is too long, or the batch is for packed rows.
 */
export function writeBatch(
  gpu: Gpu,
  batch: TrainingBatch,
  sources: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
): void {
  requirePacked(batch, false);
  checkFits('source sentence', batch.sources, sources);
  checkFits('target sentence', batch.targets, targets);
  const shifted = targets.map((ids) => [PAD, ...ids].slice(0, batch.targets.length));
  writeIds(gpu, batch, { sources, targets, shifted });
}

/**
 * Puts packed rows into a batch. Each target sentence begins as it would in a row of its own: the decoder reads padding first, and
 * nothing of the sentence before.
 * @throws {UsageError} where there are more or fewer than the batch has room for, one is too long, or the batch is for sentences.
 */
export function writePackedBatch(gpu: Gpu, batch: TrainingBatch, rows: readonly PackedRow[]): void {
  requirePacked(batch, true);
  const [sources, targets] = [rows.map(({ inputs }) => inputs), rows.map((row) => row.targets)];
  checkFits('source row', batch.sources, sources.map(idsOf));
  checkFits('target row', batch.targets, targets.map(idsOf));
  writeIds(gpu, batch, {
    sources: sources.map(idsOf),
    targets: targets.map(idsOf),
    shifted: targets.map(({ ids, positions }) =>
      positions.map((position, i) => (position === 0 ? PAD : ids[i - 1])),
    ),
  });
  for (const [side, sentences] of [
    [batch.sources, sources],
    [batch.targets, targets],
  ] as const) {
    const padded = (values: (of: PackedSide) => readonly number[]) =>
      padIds(sentences.map(values), side.length);
    write(
      gpu,
      side.positions,
      padded(({ positions }) => positions),
    );
    write(
      gpu,
      side.segments!,
      padded(({ segments }) => segments),
    );
  }
}

/** Ids of the rows of a batch. */
interface RowIds {
  readonly sources: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  /** Targets moved on by one: padding before the first token of a sentence, and not its last, which the decoder never reads. */
  readonly shifted: readonly (readonly number[])[];
}

function writeIds(gpu: Gpu, batch: TrainingBatch, { sources, targets, shifted }: RowIds): void {
  writeSide(gpu, batch.sources, padIds(sources, batch.sources.length));
  const labels = padIds(targets, batch.targets.length);
  write(gpu, batch.labels, labels);
  write(gpu, batch.labelWeights, Float32Array.from(labels, isToken));
  writeSide(gpu, batch.targets, padIds(shifted, batch.targets.length));
}

function writeSide(gpu: Gpu, { ids, scale, timing }: Sentences, values: Uint32Array): void {
  const factor = Math.sqrt(timing.shape[1]);
  write(gpu, ids, values);
  write(
    gpu,
    scale,
    Float32Array.from(values, (id) => factor * isToken(id)),
  );
}

function isToken(id: number): number {
  return id === PAD ? 0 : 1;
}

function idsOf({ ids }: PackedSide): readonly number[] {
  return ids;
}

function requirePacked({ sources }: TrainingBatch, packed: boolean): void {
  if ((sources.segments !== undefined) === packed) return;
  throw new UsageError(
    packed
      ? 'packed rows for a batch of sentences; allocate it with packed: true'
      : 'sentences for a batch of packed rows; give them to writePackedBatch, or allocate the batch without packed',
  );
}

function checkFits(what: string, { count, length }: Sentences, rows: readonly (readonly number[])[]): void {
  if (rows.length !== count) throw new UsageError(`${rows.length} ${what}s for a batch of ${count}`);
  const long = rows.findIndex((ids) => ids.length > length);
  if (long >= 0) {
    throw new UsageError(`${what} ${long} has ${rows[long].length} tokens, the batch has room for ${length}`);
  }
}

/** Of rows that are sentences. */
function positions(rows: number, length: number): Uint32Array {
  return Uint32Array.from({ length: rows * length }, (_, i) => i % length);
}
