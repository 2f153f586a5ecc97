import { DataError } from '../../base/errors.ts';
import { type DeviceTensor, elements, type Scope } from '../../graph/device/scope.ts';
import { rankMagnitudes } from '../../graph/operations/magnitude-rank.ts';
import { type CountOptions, keptCount } from './kept-count.ts';
import type { PruningMask } from './mask.ts';
import { rankDigit } from './rank.ts';

/** Leading 16 bits of infinity; those of numbers that are none are larger. */
const INFINITY_DIGIT = 0x7f80;

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
 * Magnitude pruning of weights that live on the device, without reading them back. The K-th largest magnitude
 * is found there by radix selection; the host sees two histograms of 65,536 counts.
 * @param scope owns what is needed beside the mask, 256 KiB
 * @param weights any shape
 * @param mask of as many elements; belongs to the caller
 * @throws {UsageError} where the sizes differ.
 */
export async function deviceMask(
  scope: Scope,
  weights: DeviceTensor,
  mask: DeviceTensor,
): Promise<DeviceMask> {
  const ranking = await rankMagnitudes(scope, weights, mask);
  return {
    async update(sparsity, { rounding } = {}) {
      const count = keptCount(elements(weights), sparsity, rounding);
      const leading = await ranking.countLeading();
      if (leading.subarray(INFINITY_DIGIT).some((found) => found > 0)) {
        throw new DataError(`${weights.name} holds weights that are not finite; the training has diverged`);
      }
      if (count === 0) {
        ranking.writeMask(INFINITY_DIGIT << 16);
        return { kept: 0, threshold: Number.POSITIVE_INFINITY };
      }
      const first = rankDigit(leading, count);
      const second = rankDigit(await ranking.countTrailing(first.digit), count - first.above);
      const bits = first.digit * 2 ** 16 + second.digit;
      ranking.writeMask(bits);
      const [threshold] = new Float32Array(Uint32Array.of(bits).buffer);
      return { kept: first.above + second.above + second.tied, threshold };
    },
    dispose: () => ranking.dispose(),
    [Symbol.dispose]: () => ranking.dispose(),
  };
}
