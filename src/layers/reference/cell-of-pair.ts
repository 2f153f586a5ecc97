import { checkCell } from './cell-checks.ts';
import type { Shaped } from './tensor.ts';

/** What every cell holds whose kernel comes of a pair of tensors, in the reference and on a device. */
export class CellOfPair<
  Tensor extends Shaped,
  Pair extends readonly [Tensor, Tensor],
  Equations extends { readonly gates: number },
> {
  /** `[inputs + units, gates · units]` each, the rows of the inputs first. */
  readonly pair: Pair;
  /** `[gates · units]` */
  readonly bias: Tensor;
  readonly inputs: number;
  readonly units: number;
  protected readonly equations: Equations;

  /**
   * @param names of the pair, for errors
   * @throws {UsageError} for tensors that are not of those shapes.
   */
  constructor(
    equations: Equations,
    pair: Pair,
    names: readonly [string, string],
    bias: Tensor,
    units: number,
  ) {
    this.inputs = checkCell(pair, names, bias, units, equations.gates);
    this.pair = pair;
    this.bias = bias;
    this.units = units;
    this.equations = equations;
  }
}
