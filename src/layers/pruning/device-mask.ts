import { DataError } from '../../base/errors.ts';
import { type DeviceTensor, elements, type Scope } from '../../graph/device/scope.ts';
import { magnitudeMasks } from '../../graph/operations/magnitude-mask.ts';
import { type CountOptions, keptCount } from './kept-count.ts';
import type { PruningMask } from './mask.ts';

/** A mask on the device. */
export interface DeviceMask extends Disposable {
  /**
   * Overwrites the mask by that of the weights as they are now, as `sortMask` does: the same mask to the bit.
   * @throws {UsageError} for a sparsity outside [0, 1).
   * @throws {DataError} where a weight is not finite; the mask stays as it was.
   */
  update(sparsity: number, options?: CountOptions): Promise<Omit<PruningMask, 'mask'>>;
  dispose(): void;
}

/**
 * Magnitude pruning of weights that live on the device, by radix selection there: the host sees how many are kept, and the
 * threshold.
 * @param scope owns what is needed beside the mask, some bytes
 * @param weights any shape
 * @param mask of as many elements; belongs to the caller
 * @throws {UsageError} where the sizes differ.
 */
export async function deviceMask(
  scope: Scope,
  weights: DeviceTensor,
  mask: DeviceTensor,
): Promise<DeviceMask> {
  const threshold = scope.tensor('threshold', [1]);
  const masks = await magnitudeMasks(scope, [{ weights, mask, threshold }]);
  return {
    async update(sparsity, { rounding } = {}) {
      const count = keptCount(elements(weights), sparsity, rounding);
      masks.run(Uint32Array.of(count));
      const [{ kept, notFinite, bits }] = await masks.read();
      if (notFinite > 0) {
        throw new DataError(`${weights.name} holds weights that are not finite; the training has diverged`);
      }
      if (count === 0) return { kept, threshold: Number.POSITIVE_INFINITY };
      return { kept, threshold: new Float32Array(Uint32Array.of(bits).buffer)[0] };
    },
    dispose: () => masks.dispose(),
    [Symbol.dispose]: () => masks.dispose(),
  };
}
