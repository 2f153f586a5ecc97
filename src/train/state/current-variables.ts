import { readFloats } from '../../graph/device/scope.ts';
import { CheckpointReader, chunksOf, type StoredTensor } from '../../io/checkpoint/checkpoint-reader.ts';
import type { Checkpoint, Tensor } from '../../io/checkpoint/checkpoint-types.ts';
import { elementCount } from '../../io/checkpoint/dtype.ts';
import type { BatchPart } from '../loop/trainee.ts';
import type { Trainer } from '../loop/trainer.ts';

/** The variables of a model in training as they are on the device, as a checkpoint; each is read when it is asked for. */
export function currentVariables<Part extends BatchPart>({ gpu, trainee }: Trainer<Part>): Checkpoint {
  const tensors = new Map<string, StoredTensor>();
  const dtype = 'float32';
  for (const [name, tensor] of trainee.variables.tensors) {
    const { shape } = tensor;
    const read = async (): Promise<Tensor> => ({
      dtype,
      shape,
      data: await readFloats(gpu, tensor),
    });
    tensors.set(name, {
      info: () => ({ name, dtype, shape, byteLength: elementCount(shape) * Float32Array.BYTES_PER_ELEMENT }),
      read,
      async *chunks(maxElements) {
        yield* chunksOf(await read(), maxElements);
      },
    });
  }
  return new CheckpointReader('the model in training', { tensors, close: async () => {} });
}
