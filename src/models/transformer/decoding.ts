import { RecentlyUsed } from '../../base/recently-used.ts';
import { bucket } from './batching.ts';
import type { Hypothesis } from './hypotheses.ts';
import type { LoadedModel } from './loaded-model.ts';
import { Search, type SearchInput, type SearchShape } from './search.ts';
import { type SourceBatch, SourceEncoder } from './source-encoder.ts';
import type { SourceMemory } from './source-memory.ts';

/** One batch to decode. */
export interface DecodingInput extends SourceBatch, Omit<SearchInput, 'stride' | 'signal'> {}

/** Plans of encoders are kept as long as their buffers take no more. */
const ENCODER_BYTES = 256 * 2 ** 20;

/** Encoders and search of batches of so many sentences. */
export class Decoding implements Disposable {
  readonly #model: LoadedModel;
  readonly #search: Search;
  /** By the columns of a sentence. All write the memory that the search has. */
  readonly #encoders = new RecentlyUsed<number, SourceEncoder>(ENCODER_BYTES);
  #memory: SourceMemory | undefined;

  constructor(model: LoadedModel, shape: SearchShape) {
    this.#model = model;
    this.#search = new Search(model, shape);
  }

  /** On the device. */
  get byteLength(): number {
    return this.#search.byteLength + this.#encoders.byteLength;
  }

  /** Decodes a batch; the hypotheses of each sentence, best first. */
  async run(input: DecodingInput): Promise<Hypothesis[][]> {
    const stride = bucket(input.extent, this.#model.gpu.deviceClass);
    const memory = this.#search.memoryFor(stride);
    if (memory !== this.#memory) this.#encoders.clear();
    this.#memory = memory;
    const shape = { sentences: input.ids.length, stride };
    await this.#encoders.use(stride, () => new SourceEncoder(this.#model, shape, memory)).run(input);
    return this.#search.run({ ...input, stride });
  }

  dispose(): void {
    this.#encoders[Symbol.dispose]();
    this.#search.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
