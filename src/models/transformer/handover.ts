import type { Gpu } from '../../graph/device/gpu.ts';
import { copyTensor, type DeviceTensor, elements, Scope } from '../../graph/device/scope.ts';
import { FINISHED_WORDS } from '../../graph/operations/search-operations.ts';
import {
  type Grouping,
  selectGroups,
  selectionWords,
  writeSelection,
} from '../../graph/operations/select-groups.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { type Positions, perPosition } from './positions.ts';
import type { SourceMemory } from './source-memory.ts';

/** All that a search has on the device. */
export interface SearchState {
  readonly sentences: number;
  readonly beam: number;
  readonly control: DeviceTensor;
  readonly alive: DeviceTensor;
  readonly finished: DeviceTensor;
  readonly memory: SourceMemory;
  readonly positions: Positions;
}

/** Which sentences go on elsewhere, and how much there is of each. */
export interface HandedOver {
  readonly sentences: readonly number[];
  /** That may have been done. */
  readonly steps: number;
  /** Columns of a source sentence. */
  readonly stride: number;
}

/** Lets a search for fewer sentences go on from where one is; one plan, as long as the two have the same tensors. */
export class Handover implements Disposable {
  readonly #from: SearchState;
  readonly #into: SearchState;
  readonly #scope: Scope;
  readonly #selection: DeviceTensor;
  #plan: Plan | undefined;

  constructor(gpu: Gpu, from: SearchState, into: SearchState) {
    this.#from = from;
    this.#into = into;
    this.#scope = new Scope(gpu);
    this.#selection = this.#scope.tensor('chosen sentences', [selectionWords(into.sentences)]);
  }

  /** Whether it is between these. */
  joins(from: SearchState, into: SearchState): boolean {
    return (
      this.#from.memory === from.memory &&
      this.#from.positions === from.positions &&
      this.#into.memory === into.memory &&
      this.#into.positions === into.positions
    );
  }

  async run({ sentences, steps, stride }: HandedOver): Promise<void> {
    const { gpu } = this.#scope;
    this.#plan ??= await this.#buildPlan();
    copyTensor(gpu, this.#from.control, this.#into.control);
    copyTensor(gpu, this.#from.memory.extent, this.#into.memory.extent);
    writeSelection(gpu, this.#selection, { rows: steps, size: stride, chosen: sentences });
    this.#plan.run();
  }

  [Symbol.dispose](): void {
    this.#plan?.dispose();
    this.#scope.dispose();
  }

  #buildPlan(): Promise<Plan> {
    const graph = new Graph(this.#scope.gpu, 'search for fewer sentences');
    const groups = this.#from.sentences;
    const capacity = Math.min(this.#from.positions.capacity, this.#into.positions.capacity);
    const into = tensorsOf(this.#into, capacity);
    for (const [i, { tensor, ...grouping }] of tensorsOf(this.#from, capacity).entries()) {
      selectGroups(graph, { ...grouping, groups }, this.#selection, tensor, into[i].tensor);
    }
    return graph.plan();
  }
}

/** What there is of each sentence, always in one order. @param capacity positions that both searches have room for */
function tensorsOf(
  state: SearchState,
  capacity: number,
): ({ tensor: DeviceTensor } & Omit<Grouping, 'groups'>)[] {
  const { sentences, beam, alive, finished, memory, positions } = state;
  const sources = [...memory.keyValues, memory.keyBias];
  return [
    ...sources.map(
      (tensor) => ({ tensor, rows: tensor.shape[0], size: memory.room, varies: 'size' }) as const,
    ),
    { tensor: alive, rows: 1, size: beam },
    { tensor: finished, rows: 1, size: beam * FINISHED_WORDS },
    ...perPosition(positions).map((tensor) => {
      const size = elements(tensor) / (tensor.shape[0] * sentences);
      return { tensor, rows: capacity, size, varies: 'rows' } as const;
    }),
  ];
}
