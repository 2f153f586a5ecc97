import { derivedKey, type RandomKey, randomKey } from '../../base/random.ts';
import { CheckpointReader, chunksOf, type StoredTensor } from '../../io/checkpoint/checkpoint-reader.ts';
import type { Checkpoint, Tensor } from '../../io/checkpoint/checkpoint-types.ts';
import { elementCount } from '../../io/checkpoint/dtype.ts';
import { drawInitialValues, type InitialValues } from './initial-values.ts';

/** A float32 variable of a model that is not trained yet. */
export interface FreshVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: InitialValues;
  /** Tells its values from those of others: the same place of the same seed draws the same. */
  readonly place: number;
}

/** Counters of a training that has not begun, as TensorFlow types them. */
export const FRESH_COUNTERS = {
  globalStep: { name: 'global_step', dtype: 'int64' },
  lastMaskUpdate: { name: 'model_pruning/last_mask_update_step', dtype: 'int32' },
} as const;

export type FreshCounter = (typeof FRESH_COUNTERS)[keyof typeof FRESH_COUNTERS];

/**
 * The variables as a checkpoint, whose values are drawn when they are read, the same every time.
 * @param label what errors call it
 */
export function freshCheckpoint(
  variables: readonly FreshVariable[],
  counters: readonly FreshCounter[],
  { seed, label }: { readonly seed: number; readonly label: string },
): Checkpoint {
  const key = randomKey(seed);
  const tensors = new Map<string, StoredTensor>();
  for (const variable of variables) {
    tensors.set(variable.name, drawnTensor(variable, derivedKey(key, variable.place)));
  }
  for (const counter of counters) tensors.set(counter.name, counterTensor(counter));
  return new CheckpointReader(label, { tensors, close: async () => {} });
}

function drawnTensor({ name, shape, initial }: FreshVariable, key: RandomKey): StoredTensor {
  const dtype = 'float32';
  const count = elementCount(shape);
  const read = async (): Promise<Tensor> => ({ dtype, shape, data: drawInitialValues(initial, count, key) });
  return {
    info: () => ({ name, dtype, shape, byteLength: count * Float32Array.BYTES_PER_ELEMENT }),
    read,
    async *chunks(maxElements) {
      yield* chunksOf(await read(), maxElements);
    },
  };
}

function counterTensor({ name, dtype }: FreshCounter): StoredTensor {
  const read = async (): Promise<Tensor> => ({
    dtype,
    shape: [],
    data: dtype === 'int64' ? new BigInt64Array(1) : new Int32Array(1),
  });
  return {
    info: () => ({ name, dtype, shape: [], byteLength: dtype === 'int64' ? 8 : 4 }),
    read,
    async *chunks(maxElements) {
      yield* chunksOf(await read(), maxElements);
    },
  };
}
