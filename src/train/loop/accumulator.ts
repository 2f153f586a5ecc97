import { type DeviceTensor, elements, type Scope, write } from '../../graph/device/scope.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { linearGrid } from '../../wgsl/linear-grid.ts';
import { accumulateKernel } from '../../wgsl/training/accumulate.ts';

/** Sums over the parts of a batch, on the device: of gradients, and of what a loss is made of. */
export class Accumulator {
  readonly #scope: Scope;
  readonly #control: DeviceTensor;
  readonly #totals = new Map<string, DeviceTensor>();

  /** @param scope owns the totals */
  constructor(scope: Scope) {
    this.#scope = scope;
    this.#control = scope.tensor('accumulator control', [4]);
  }

  /** Says for the next run of a plan what share of the batch its part is, and whether it is the first. */
  prepare(share: number, isFirst: boolean): void {
    write(this.#scope.gpu, this.#control, Float32Array.of(share, isFirst ? 0 : 1));
  }

  /** Records that a tensor is added to the total of a name, which is made when it is first asked for. */
  record(graph: Graph, name: string, tensor: GraphTensor): DeviceTensor {
    const total = this.#totals.get(name) ?? this.#scope.tensor(`total of ${name}`, tensor.shape);
    this.#totals.set(name, total);
    const count = elements(total);
    graph.dispatch(
      accumulateKernel(),
      linearGrid(count),
      { count },
      { control: this.#control, x: tensor, total },
    );
    return total;
  }
}
