import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { CellOfPair } from '../reference/cell-of-pair.ts';
import { type DeviceCellEquations, type DeviceCellRun, deviceCellWeights, recordCell } from './cell.ts';

/** What cells on a device do with the kernel that comes of their pair. */
export class DevicePairedCell<Pair extends readonly [GraphTensor, GraphTensor]> extends CellOfPair<
  GraphTensor,
  Pair,
  DeviceCellEquations
> {
  /** Records a sequence with a kernel. */
  protected recordKernel(
    tape: Tape,
    kernel: GraphTensor,
    inputs: readonly GraphTensor[],
    state: readonly GraphTensor[] | undefined,
  ): DeviceCellRun {
    const weights = deviceCellWeights(tape, kernel, this.bias, this.inputs);
    return recordCell(tape, this.equations, weights, inputs, state);
  }
}
