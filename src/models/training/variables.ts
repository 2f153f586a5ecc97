import { UsageError } from '../../base/errors.ts';
import type { DeviceTensor, Scope } from '../../graph/device/scope.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';

/** Variables of a model on the device, in the shapes and by the names of its checkpoint. */
export class TrainingVariables {
  /** By name. Training changes them in place. */
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
  readonly #trained = new Set<DeviceTensor>();

  /** Takes variables that lie on a device, by name. */
  constructor(tensors: ReadonlyMap<string, DeviceTensor>) {
    this.tensors = tensors;
  }

  /** Variables that were asked for as trainable, in that order. */
  get trained(): readonly DeviceTensor[] {
    return [...this.#trained];
  }

  /** A variable that training changes. @throws {UsageError} where there is none of that name. */
  trainable(name: string): DeviceTensor {
    const tensor = this.constant(name);
    this.#trained.add(tensor);
    return tensor;
  }

  /**
   * A variable that gradients do not reach, such as a mask. @throws {UsageError} where there is none of that
   * name.
   */
  constant(name: string): DeviceTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new UsageError(`the model on the device has no variable ${name}`);
    return tensor;
  }
}

/**
 * Uploads all float32 variables of a checkpoint but those that an optimiser keeps.
 * @throws {DataError} where one is damaged or has values that are no numbers.
 * @throws {DeviceError} where the device has no memory for them.
 */
export async function uploadVariables(scope: Scope, checkpoint: Checkpoint): Promise<TrainingVariables> {
  const names = new Set(checkpoint.names());
  // Optimisers keep what they remember of a variable below its name, or below a scope of their own.
  const isSlot = (name: string) =>
    name.startsWith('training/') || names.has(name.slice(0, name.lastIndexOf('/')));
  const tensors = new Map<string, DeviceTensor>();
  for (const name of names) {
    const { dtype, shape } = checkpoint.info(name);
    if (dtype !== 'float32' || isSlot(name)) continue;
    tensors.set(name, scope.upload(name, shape, await readFiniteFloats(checkpoint, name, shape)));
  }
  await scope.gpu.settled();
  return new TrainingVariables(tensors);
}
