import { UsageError } from '../../base/errors.ts';
import { derivedKey, fillUniforms, randomKey } from '../../base/random.ts';
import { CheckpointReader, chunksOf, type StoredTensor } from '../../io/checkpoint/checkpoint-reader.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { elementCount } from '../../io/checkpoint/dtype.ts';
import { type ModelVariable, type ValueRange, valueRange } from './model-variable.ts';
import { PAPER_RESNET_50 } from './resnet-layers.ts';
import { resnetVariables } from './resnet-variables.ts';
import { PAPER_TRANSFORMER, transformerVariables } from './transformer-variables.ts';

/** A checkpoint of the paper's Transformer with made-up values, see {@link madeCheckpoint}. */
export function madeTransformer(sparsity: number): Checkpoint {
  return madeCheckpoint(transformerVariables(PAPER_TRANSFORMER), sparsity);
}

/** A checkpoint of the paper's ResNet-50 with made-up values, see {@link madeCheckpoint}. */
export function madeResNet50(sparsity: number): Checkpoint {
  return madeCheckpoint(resnetVariables(PAPER_RESNET_50), sparsity);
}

/**
 * A checkpoint of a model that was never trained: its masks drop each weight with the same probability, its other values
 * are even in their ranges. All are made when they are read, the same every time, and none is kept.
 * @param sparsity probability that a weight is zero, in [0, 1)
 * @throws {UsageError} for a sparsity outside of it.
 */
export function madeCheckpoint(variables: readonly ModelVariable[], sparsity: number): Checkpoint {
  if (!(sparsity >= 0 && sparsity < 1)) {
    throw new UsageError(`made-up weights of sparsity ${sparsity}: it must be in [0, 1)`);
  }
  const tensors = new Map(
    variables.map((variable, index) => [variable.name, madeTensor(variable, index, sparsity)]),
  );
  return new CheckpointReader(`made-up weights of sparsity ${sparsity}`, { tensors, close: async () => {} });
}

/** Values made at a time (256 KiB). */
const BLOCK = 2 ** 16;

/** @param index tells the variable's values from those of others */
function madeTensor(variable: ModelVariable, index: number, sparsity: number): StoredTensor {
  const { name, shape } = variable;
  const dtype = 'float32';
  const length = elementCount(shape);
  const key = derivedKey(randomKey(0), index);
  const fill = (values: Float32Array, start: number) => {
    fillUniforms(values, key, start / 4);
    if (variable.role === 'mask') drop(values, sparsity);
    else spread(values, valueRange(variable, sparsity));
  };
  return {
    info: () => ({ name, dtype, shape, byteLength: length * Float32Array.BYTES_PER_ELEMENT }),
    async read() {
      const data = new Float32Array(length);
      for (let start = 0; start < length; start += BLOCK) fill(data.subarray(start, start + BLOCK), start);
      return { dtype, shape, data };
    },
    async *chunks(maxElements) {
      const buffer = new Float32Array(Math.min(BLOCK, length));
      for (let start = 0; start < length; start += BLOCK) {
        const data = buffer.subarray(0, length - start);
        fill(data, start);
        for (const piece of chunksOf({ dtype, shape, data }, maxElements)) {
          yield { ...piece, start: start + piece.start };
        }
      }
    },
  };
}

function drop(values: Float32Array, sparsity: number): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i] < sparsity ? 0 : 1;
}

function spread(values: Float32Array, [low, high]: ValueRange): void {
  for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * values[i];
}
