import { checkSequence } from './cell-checks.ts';
import { type CellEquations, initialState } from './cell-equations.ts';
import { CellOfPair } from './cell-of-pair.ts';
import { type CellRun, cellWeights, type KernelGradients, runCell, runKernelGradients } from './cell-run.ts';
import type { DenseTensor } from './tensor.ts';

/** What cells of the reference do with the kernel that comes of their pair. */
export class PairedCell<Pair extends readonly [DenseTensor, DenseTensor]> extends CellOfPair<
  DenseTensor,
  Pair,
  CellEquations
> {
  /** Runs a sequence with a kernel. */
  protected runKernel(
    kernel: DenseTensor,
    inputs: readonly DenseTensor[],
    state: readonly DenseTensor[] | undefined,
  ): CellRun {
    const begin = this.begin(inputs, state);
    return runCell(this.equations, cellWeights(kernel, this.bias, this.inputs), inputs, begin);
  }

  /** Gradients of `runKernel`. */
  protected kernelGradients(
    kernel: DenseTensor,
    dOutputs: readonly DenseTensor[],
    inputs: readonly DenseTensor[],
    state: readonly DenseTensor[] | undefined,
  ): KernelGradients {
    const begin = this.begin(inputs, state);
    return runKernelGradients(this.equations, kernel, this.bias, inputs, begin, dOutputs);
  }

  /** The state that a sequence begins with. */
  protected begin(
    inputs: readonly DenseTensor[],
    state: readonly DenseTensor[] | undefined,
  ): readonly DenseTensor[] {
    return initialState(this.equations, state, checkSequence(inputs, this.inputs), this.units);
  }
}
