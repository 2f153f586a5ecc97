import { TsosError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, readFloats, write } from '../../graph/device/scope.ts';
import { Adam } from '../../graph/optimisers/adam.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import type { NamedTensor } from '../../io/checkpoint/write-checkpoint.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';
import { FRESH_COUNTERS } from '../../models/fresh/fresh-variable.ts';
import type { ModelKind } from '../../models/model-kind.ts';
import type { BatchPart } from '../loop/trainee.ts';
import type { Trainer } from '../loop/trainer.ts';

/** A training has led to numbers that are none. */
export class DivergedError extends TsosError {
  /** The class's own. */
  override readonly name = 'DivergedError';

  /** Says what to change. @param what is not finite */
  constructor(what: string) {
    super(`the training has diverged: ${what}; lower the learning rate, or give it a longer warm-up`);
  }
}

/** Where TensorFlow keeps what optimisers remember: for the Transformer in a scope of its own. */
const SLOT_SCOPE: Readonly<Record<ModelKind, string>> = { transformer: 'training/', rn50: '' };

/**
 * All that a training is after a step, as the original's checkpoints have it: the variables, the slots of the optimiser, how far
 * it is. One tensor at a time is read from the device.
 * @throws {DivergedError} where a value is not finite.
 */
export async function* trainingTensors<Part extends BatchPart>(
  trainer: Trainer<Part>,
  model: ModelKind,
): AsyncGenerator<NamedTensor> {
  const { gpu, trainee, optimiser, masks, step } = trainer;
  for (const [name, tensor] of trainee.variables.tensors) yield await asStored(gpu, name, tensor);
  for (const [name, tensor] of optimiser.slots)
    yield await asStored(gpu, `${SLOT_SCOPE[model]}${name}`, tensor);
  if (optimiser instanceof Adam) {
    for (const [name, power] of Object.entries(optimiser.betaPowers)) {
      yield floats(`${SLOT_SCOPE[model]}${name}_power`, [], Float32Array.of(power));
    }
  }
  yield { ...FRESH_COUNTERS.globalStep, shape: [], data: BigInt64Array.of(BigInt(step)) };
  if (masks !== undefined) {
    yield { ...FRESH_COUNTERS.lastMaskUpdate, shape: [], data: Int32Array.of(masks.lastUpdate) };
  }
}

/**
 * Gives the slots of an optimiser the values of a checkpoint; its variables are those of the model already.
 * @throws {DataError} where one is missing, damaged or of another shape.
 */
export async function restoreSlots<Part extends BatchPart>(
  { gpu, optimiser }: Trainer<Part>,
  checkpoint: Checkpoint,
  model: ModelKind,
): Promise<void> {
  for (const [slot, tensor] of optimiser.slots) {
    const name = `${SLOT_SCOPE[model]}${slot}`;
    write(gpu, tensor, await readFiniteFloats(checkpoint, name, tensor.shape));
  }
}

async function asStored(gpu: Gpu, name: string, tensor: DeviceTensor): Promise<NamedTensor> {
  const data = await readFloats(gpu, tensor);
  if (!data.every(Number.isFinite)) throw new DivergedError(`${name} holds values that are not finite`);
  return floats(name, tensor.shape, data);
}

function floats(name: string, shape: readonly number[], data: Float32Array): NamedTensor {
  return { name, dtype: 'float32', shape, data };
}
