import { Scope } from '../../graph/device/scope.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { addEncoder, addMemory, allocateSource, type EncoderTensors, writeSource } from './encoder.ts';
import type { Hypothesis } from './hypotheses.ts';
import type { LoadedModel } from './loaded-model.ts';
import { Search, type SearchInput, type SearchShape } from './search.ts';

/** One batch to decode. */
export interface DecodingInput extends SearchInput {
  readonly ids: readonly (readonly number[])[];
  /** Padded length of the batch: source positions that count. */
  readonly extent: number;
}

/** Encoder and search of batches of one shape. */
export class Decoding implements Disposable {
  readonly shape: SearchShape;
  readonly #model: LoadedModel;
  readonly #search: Search;
  readonly #scope: Scope;
  readonly #source: EncoderTensors;
  #encodePlan: Plan | undefined;

  constructor(model: LoadedModel, shape: SearchShape) {
    this.shape = shape;
    this.#model = model;
    this.#search = new Search(model, shape);
    this.#scope = new Scope(model.gpu);
    try {
      const offsets = model.sourceOffsets(shape.stride);
      this.#source = allocateSource(this.#scope, model.config.hidden, offsets, shape, this.#search.memory);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Decodes a batch; the hypotheses of each sentence, best first. */
  async run(input: DecodingInput): Promise<Hypothesis[][]> {
    writeSource(this.#model.gpu, this.#source, input.ids, input.extent);
    this.#encodePlan ??= await this.#buildEncodePlan();
    // Compiling takes a while, and the encoder is one submission that nothing stops.
    input.signal?.throwIfAborted();
    this.#encodePlan.run();
    return this.#search.run(input);
  }

  dispose(): void {
    this.#encodePlan?.dispose();
    this.#search.dispose();
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #buildEncodePlan(): Promise<Plan> {
    const { gpu, config, weights } = this.#model;
    const graph = new Graph(gpu, 'encoder');
    addEncoder(graph, config, weights, this.#source);
    addMemory(graph, weights, this.#source, this.#search.memory.keyValues);
    return graph.plan();
  }
}
