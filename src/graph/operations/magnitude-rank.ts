import { UsageError } from '../../base/errors.ts';
import type { Kernel } from '../../wgsl/kernel.ts';
import { linearGrid } from '../../wgsl/linear-grid.ts';
import { DIGIT_VALUES, digitCountKernel, MAGNITUDE_MASK } from '../../wgsl/magnitude-rank.ts';
import { type DeviceTensor, elements, readWords, type Scope, write } from '../device/scope.ts';
import { Graph } from '../plan/graph.ts';
import type { Plan } from '../plan/plan.ts';

/**
 * Ranks the magnitudes of a tensor on the device: what is read back are 256 KiB of counts, twice, not the
 * values.
 */
export interface MagnitudeRanking extends Disposable {
  /** How often each value of the leading 16 bits of `|w|` (sign left out) occurs. */
  countLeading(): Promise<Uint32Array>;
  /** How often each value of the trailing 16 bits occurs behind these leading ones. */
  countTrailing(leading: number): Promise<Uint32Array>;
  /** Writes the mask: 1 where the bit pattern of `|w|` is at least this, else 0. */
  writeMask(least: number): void;
  /** Frees its plans; what its scope owns stays. */
  dispose(): void;
}

/**
 * Makes a ranking of weights that lie on the device.
 * @param scope owns what the ranking needs on the device, 256 KiB
 * @param weights any shape
 * @param mask of as many elements, overwritten by `writeMask`
 * @throws {UsageError} where the sizes differ.
 */
export async function rankMagnitudes(
  scope: Scope,
  weights: DeviceTensor,
  mask: DeviceTensor,
): Promise<MagnitudeRanking> {
  const { gpu } = scope;
  const count = elements(weights);
  if (elements(mask) !== count) {
    throw new UsageError(`mask [${mask.shape}] for weights [${weights.shape}]: sizes must be equal`);
  }
  const counts = scope.tensor('digit counts', [DIGIT_VALUES]);
  const state = scope.tensor('chosen digit and magnitude', [2]);
  const planOf = (kernel: Kernel, tensors: Record<string, DeviceTensor>): Promise<Plan> => {
    const graph = new Graph(gpu, kernel.name);
    graph.dispatch(kernel, linearGrid(count), { count }, { weights, ...tensors });
    return graph.plan();
  };
  const plans = await Promise.all([
    planOf(digitCountKernel('leading'), { counts }),
    planOf(digitCountKernel('trailing'), { state, counts }),
    planOf(MAGNITUDE_MASK, { state, mask }),
  ]);
  const [leading, trailing, masking] = plans;
  const zeros = new Uint32Array(DIGIT_VALUES);
  const counted = (plan: Plan): Promise<Uint32Array> => {
    write(gpu, counts, zeros);
    plan.run();
    return readWords(gpu, counts, DIGIT_VALUES);
  };
  const dispose = (): void => {
    for (const plan of plans) plan.dispose();
  };
  return {
    countLeading: () => counted(leading),
    countTrailing(digit) {
      write(gpu, state, Uint32Array.of(digit, 0));
      return counted(trailing);
    },
    writeMask(least) {
      write(gpu, state, Uint32Array.of(0, least));
      masking.run();
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
