import { DataError, DisposedError, UsageError } from '../../base/errors.ts';
import { quoted } from '../bytes/place.ts';
import type { Checkpoint, FileContent, Tensor, TensorChunk, TensorInfo } from './checkpoint-types.ts';
import { componentsOf } from './dtype.ts';
import { compareBytes, encodeName } from './names.ts';
import { closest } from './suggest.ts';

const DEFAULT_CHUNK_ELEMENTS = 2 ** 20;

/** One tensor of a checkpoint: what is said of it, and how to get its values. */
export interface StoredTensor {
  /** @throws {DataError} for an element type this reader has no values for. */
  info(): TensorInfo;
  read(): Promise<Tensor>;
  chunks(maxElements: number): AsyncIterable<TensorChunk>;
  /** See `Checkpoint.verify`. */
  verify?(): Promise<boolean>;
}

/** The tensors of an opened checkpoint of any format. */
export interface TensorStore {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata?: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What a reader takes of the place a checkpoint is in. */
export interface Surroundings {
  /** See `Checkpoint.readBeside`. */
  readBeside(name: string): Promise<FileContent | undefined>;
  /** Closes what the place was opened with. */
  close(): Promise<void>;
}

/** Of a checkpoint that is in no place, such as one that is made when it is read. */
const NOWHERE: Surroundings = { readBeside: async () => undefined, close: async () => {} };

/** What the formats have in common: finding tensors by name, checking arguments, closing. */
export class CheckpointReader implements Checkpoint {
  readonly path: string;
  readonly #store: TensorStore;
  readonly #names: readonly string[];
  readonly #surroundings: Surroundings;
  #closed = false;

  constructor(path: string, store: TensorStore, surroundings: Surroundings = NOWHERE) {
    this.path = path;
    this.#store = store;
    this.#surroundings = surroundings;
    this.#names = [...store.tensors.keys()]
      .map((name) => ({ name, key: encodeName(name) }))
      .sort((a, b) => compareBytes(a.key, b.key))
      .map(({ name }) => name);
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    return this.#store.metadata;
  }

  names(): string[] {
    this.#checkOpen();
    return [...this.#names];
  }

  info(name: string): TensorInfo {
    return this.#find(name).info();
  }

  async read(name: string): Promise<Tensor> {
    return this.#find(name).read();
  }

  async *chunks(name: string, maxElements = DEFAULT_CHUNK_ELEMENTS): AsyncGenerator<TensorChunk> {
    if (!Number.isSafeInteger(maxElements) || maxElements < 1) {
      throw new UsageError(`maxElements is ${maxElements}; give a positive whole number`);
    }
    const tensor = this.#find(name);
    const { dtype } = tensor.info();
    if (dtype === 'string' || dtype === 'variant') {
      throw new UsageError(
        `tensor ${quoted(name)} has elements of type ${dtype}, which cannot be streamed; use read()`,
      );
    }
    yield* tensor.chunks(maxElements);
  }

  async readBeside(name: string): Promise<FileContent | undefined> {
    this.#checkOpen();
    return this.#surroundings.readBeside(name);
  }

  async verify(name: string): Promise<boolean> {
    return (await this.#find(name).verify?.()) ?? false;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store.close();
    await this.#surroundings.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new DisposedError(`the checkpoint ${this.path} was closed; open it again`);
  }

  #find(name: string): StoredTensor {
    this.#checkOpen();
    const tensor = this.#store.tensors.get(name);
    if (tensor !== undefined) return tensor;
    const near = closest(name, this.#names);
    const hint =
      near.length > 0
        ? `did you mean ${near.map(quoted).join(' or ')}?`
        : `names() lists the ${this.#names.length} there are`;
    throw new DataError(`there is no tensor ${quoted(name)}; ${hint}`, { file: this.path });
  }
}

/** A tensor in memory, piece by piece: for tensors that are put together from parts. */
export function* chunksOf({ dtype, data }: Tensor, maxElements: number): Generator<TensorChunk> {
  if (Array.isArray(data)) return;
  const width = componentsOf(dtype);
  for (let start = 0; start * width < data.length; start += maxElements) {
    yield { start, data: data.subarray(start * width, (start + maxElements) * width) };
  }
}
