import { Scope } from '../../graph/device/scope.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { addEncoder, addMemory, allocateSource, type EncoderTensors, writeSource } from './encoder.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { SourceMemory } from './source-memory.ts';

/** A batch of sources. */
export interface SourceBatch {
  readonly ids: readonly (readonly number[])[];
  /** Padded length of the batch: source positions that count. */
  readonly extent: number;
  readonly signal?: AbortSignal | undefined;
}

/** Puts batches of so many sentences of `stride` columns into the memory of a search, by one plan. */
export class SourceEncoder implements Disposable {
  readonly #model: LoadedModel;
  readonly #memory: SourceMemory;
  readonly #scope: Scope;
  readonly #source: EncoderTensors;
  #plan: Plan | undefined;

  constructor(model: LoadedModel, shape: { sentences: number; stride: number }, memory: SourceMemory) {
    this.#model = model;
    this.#memory = memory;
    const offsets = model.sourceOffsets(shape.stride);
    this.#scope = new Scope(model.gpu);
    try {
      this.#source = allocateSource(this.#scope, model.config.hidden, offsets, shape, memory);
    } catch (error) {
      this.#scope.dispose();
      throw error;
    }
  }

  get byteLength(): number {
    return this.#scope.byteLength + (this.#plan?.arenaBytes ?? 0);
  }

  async run({ ids, extent, signal }: SourceBatch): Promise<void> {
    writeSource(this.#model.gpu, this.#source, ids, extent);
    this.#plan ??= await this.#buildPlan();
    // Compiling takes a while, and the encoder is one submission that nothing stops.
    signal?.throwIfAborted();
    this.#plan.run();
  }

  [Symbol.dispose](): void {
    this.#plan?.dispose();
    this.#scope.dispose();
  }

  #buildPlan(): Promise<Plan> {
    const { gpu, config, weights } = this.#model;
    const graph = new Graph(gpu, 'encoder');
    addEncoder(graph, config, weights, this.#source);
    addMemory(graph, weights, this.#source, this.#memory.keyValues);
    return graph.plan();
  }
}
