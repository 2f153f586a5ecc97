import { DataError } from '../base/errors.ts';
import { type FloatPiece, inStep, streamFloat32 } from '../base/float-stream.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../base/numerics.ts';
import type { Technique } from '../base/technique.ts';
import type { Checkpoint, TensorChunk } from '../io/checkpoint/checkpoint-types.ts';
import type { Site } from './site.ts';
import { sparsifiedMatrices } from './sparsity-patterns.ts';
import { effectiveWeight, keptWeight, type WeightRule } from './weight-rule.ts';

/**
 * A checkpoint as a dense model of the same outputs has it: weights as the technique computes with them at evaluation,
 * dropped ones 0, and without what it keeps beside them (masks and their thresholds, `log_sigma2`, `log_alpha`). A dense
 * checkpoint is as it is. Closing it closes `checkpoint`.
 * @param threshold log-alpha threshold of variational dropout, default 3
 * @throws {DataError} where there is nothing of the technique, and, while it is read, where a weight is not finite.
 */
export function appliedCheckpoint(
  checkpoint: Checkpoint,
  technique: Technique,
  threshold = DEFAULT_LOG_ALPHA_THRESHOLD,
): Checkpoint {
  if (technique === 'dense') return checkpoint;
  const left = sparsifiedMatrices(checkpoint, technique).flatMap(({ site }) =>
    site.companions.flatMap(ofCompanion),
  );
  left.push(...checkpoint.names().filter((name) => LAST_MASK_UPDATE.test(name)));
  return changed(checkpoint, technique, effectiveWeight(technique, threshold), new Set(left));
}

/**
 * A checkpoint as it is, but with 0 for the weights that its technique drops at evaluation. Nothing else about the model
 * changes, and a file of it can be compressed. Closing it closes `checkpoint`. Parameters and errors of {@link appliedCheckpoint}.
 */
export function zeroedCheckpoint(
  checkpoint: Checkpoint,
  technique: Technique,
  threshold = DEFAULT_LOG_ALPHA_THRESHOLD,
): Checkpoint {
  if (technique === 'dense') return checkpoint;
  const { selector, value: keeps } = keptWeight(technique, threshold);
  const value = (weight: number, companion: number) => (keeps(weight, companion) === 0 ? 0 : weight);
  return changed(checkpoint, technique, { selector, value }, new Set());
}

/** The step at which a training last made its masks. */
const LAST_MASK_UPDATE = /(^|\/)last_mask_update_step$/;

/** What goes when a companion goes: masks have a threshold beside them. */
function ofCompanion(name: string): string[] {
  return name.endsWith('/mask') ? [name, name.replace(/mask$/, 'threshold')] : [name];
}

/** A checkpoint whose sparsified weights are by a rule, without some of its variables. */
function changed(
  checkpoint: Checkpoint,
  technique: Technique,
  rule: WeightRule,
  left: ReadonlySet<string>,
): Checkpoint {
  const siteOf = new Map<string, Site>();
  for (const { site } of sparsifiedMatrices(checkpoint, technique)) {
    for (const name of site.weights) siteOf.set(name, site);
  }
  const chunks = (name: string, maxElements?: number) => {
    const site = siteOf.get(name);
    if (site === undefined) return checkpoint.chunks(name, maxElements);
    return changedChunks(checkpoint, site, name, rule, maxElements);
  };
  return {
    path: checkpoint.path,
    metadata: checkpoint.metadata,
    names: () => checkpoint.names().filter((name) => !left.has(name)),
    info: (name) => checkpoint.info(name),
    chunks,
    async read(name) {
      if (!siteOf.has(name)) return checkpoint.read(name);
      const { dtype, shape } = checkpoint.info(name);
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      for await (const { start, data: piece } of chunks(name)) data.set(piece as Float32Array, start);
      return { dtype, shape, data };
    },
    readBeside: async (name) => checkpoint.readBeside?.(name),
    verify: (name) => checkpoint.verify(name),
    close: () => checkpoint.close(),
    [Symbol.asyncDispose]: () => checkpoint.close(),
  };
}

/** A checkpoint without the variables that an optimiser keeps for itself. Closing it closes `checkpoint`. */
export function withoutSlots(checkpoint: Checkpoint): Checkpoint {
  const all = new Set(checkpoint.names());
  const names = [...all].filter((name) => !isSlot(name, all));
  return {
    path: checkpoint.path,
    metadata: checkpoint.metadata,
    names: () => [...names],
    info: (name) => checkpoint.info(name),
    read: (name) => checkpoint.read(name),
    chunks: (name, maxElements) => checkpoint.chunks(name, maxElements),
    readBeside: async (name) => checkpoint.readBeside?.(name),
    verify: (name) => checkpoint.verify(name),
    close: () => checkpoint.close(),
    [Symbol.asyncDispose]: () => checkpoint.close(),
  };
}

/**
 * Optimisers keep their slots below the variable they are for (`kernel/Adam`, `weights/Momentum`), Tensor2Tensor's below
 * `training/` besides, and Adam two numbers of its own. Moving averages of variables are none: models are evaluated with them.
 */
function isSlot(name: string, all: ReadonlySet<string>): boolean {
  if (name.startsWith('training/') || /(^|\/)beta[12]_power(_\d+)?$/.test(name)) return true;
  const slash = name.lastIndexOf('/');
  return slash > 0 && all.has(name.slice(0, slash)) && !name.endsWith('/ExponentialMovingAverage');
}

/** The weights of one variable of a site; what stands beside them may be split otherwise. */
async function* changedChunks(
  checkpoint: Checkpoint,
  site: Site,
  name: string,
  rule: WeightRule,
  maxElements = Number.POSITIVE_INFINITY,
): AsyncGenerator<TensorChunk> {
  const before = site.weights.slice(0, site.weights.indexOf(name));
  const skipped = before.reduce((sum, weights) => sum + elementsOf(checkpoint, weights), 0);
  const count = elementsOf(checkpoint, name);
  const companions = within(streamFloat32(checkpoint, site.companions), skipped, count);
  for await (const [weights, beside] of inStep(streamFloat32(checkpoint, [name]), companions)) {
    const data = weights.data.map((weight, i) => rule.value(weight, beside.data[i]));
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const place = `${name} element ${weights.start + bad} is ${weights.data[bad]}`;
      const other = `${beside.name} element ${beside.start + bad} is ${beside.data[bad]}`;
      throw new DataError(`${place} and ${other}: weights must be finite numbers`, { file: checkpoint.path });
    }
    for (let at = 0; at < data.length; at += maxElements) {
      yield { start: weights.start + at, data: data.subarray(at, at + maxElements) };
    }
  }
}

function elementsOf(checkpoint: Checkpoint, name: string): number {
  return checkpoint.info(name).shape.reduce((product, size) => product * size, 1);
}

/** Elements `skipped` to `skipped + count` of a stream, which is read to its end for its checksums. */
async function* within(
  pieces: AsyncIterable<FloatPiece>,
  skipped: number,
  count: number,
): AsyncGenerator<FloatPiece, void, undefined> {
  let at = 0;
  for await (const { name, start, data } of pieces) {
    const from = Math.min(Math.max(skipped - at, 0), data.length);
    const to = Math.min(Math.max(skipped + count - at, 0), data.length);
    at += data.length;
    if (to > from) yield { name, start: start + from, data: data.subarray(from, to) };
  }
}
