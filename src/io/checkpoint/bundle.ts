import { DataError } from '../../base/errors.ts';
import type { FileTree } from '../archive/file-tree.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { encodeTensorNameSlice } from '../bytes/ordered-code.ts';
import { placed, quoted } from '../bytes/place.ts';
import { type BundleEntry, readBundleIndex } from './bundle-index.ts';
import { chunksOf, type StoredTensor, type TensorStore } from './checkpoint-reader.ts';
import type { DType, Tensor, TensorChunk, TensorInfo } from './checkpoint-types.ts';
import { elementBytes, swapBytes, viewValues } from './dtype.ts';
import { decodeName } from './names.ts';
import { assemble, type Part } from './partition.ts';
import { boxOf } from './slices.ts';
import { decodeStrings } from './string-tensor.ts';
import { checkBounds, PieceMemory, readRange, streamRange, type TensorRange } from './tensor-range.ts';
import { checkVariants } from './variant-tensor.ts';

/** Read at a time where only checksums matter. */
const VERIFIED_BYTES = 2 ** 20;

/** Opens the V2 checkpoint `prefix`: reads its index; data shards are opened when a tensor in them is read. */
export async function openBundle(tree: FileTree, prefix: string, verify: boolean): Promise<TensorStore> {
  const source = await tree.open(`${prefix}.index`);
  try {
    const { shards, bigEndian, entries } = await readBundleIndex(source, verify);
    const files = new ShardFiles(tree, prefix, shards);
    const store: BundleFiles = {
      index: source.file,
      files,
      memory: new PieceMemory(),
      bigEndian,
      verify,
    };
    const tensors = new Map<string, StoredTensor>();
    const parts = new Set<string>();
    for (const [name, entry] of entries) {
      if (entry.slices.length === 0) {
        tensors.set(name, new WholeTensor(store, entry));
        continue;
      }
      const partNames = entry.slices.map((slice) => decodeName(encodeTensorNameSlice(entry.key, slice)));
      for (const part of partNames) parts.add(part);
      tensors.set(
        name,
        new PartitionedTensor(
          store,
          entry,
          partNames.map((part) => entries.get(part)),
        ),
      );
    }
    for (const part of parts) tensors.delete(part);
    return { tensors, close: () => files.close() };
  } finally {
    await source.close();
  }
}

interface BundleFiles {
  /** What errors call the index file. */
  readonly index: string;
  readonly files: ShardFiles;
  readonly memory: PieceMemory;
  readonly bigEndian: boolean;
  readonly verify: boolean;
}

/** The data shards of a bundle, each opened at its first use. */
class ShardFiles {
  readonly #tree: FileTree;
  readonly #prefix: string;
  readonly #count: number;
  readonly #opened = new Map<number, Promise<ByteSource>>();

  constructor(tree: FileTree, prefix: string, count: number) {
    this.#tree = tree;
    this.#prefix = prefix;
    this.#count = count;
  }

  open(shard: number): Promise<ByteSource> {
    const opened = this.#opened.get(shard) ?? this.#tree.open(shardPath(this.#prefix, shard, this.#count));
    this.#opened.set(shard, opened);
    return opened;
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.values()) {
      // One that could not be opened has told so to whoever asked for it.
      await opened.then(
        (source) => source.close(),
        () => {},
      );
    }
  }
}

/** The file name of a data shard. */
export function shardPath(prefix: string, shard: number, shards: number): string {
  const five = (number: number) => String(number).padStart(5, '0');
  return `${prefix}.data-${five(shard)}-of-${five(shards)}`;
}

class WholeTensor implements StoredTensor {
  readonly #store: BundleFiles;
  readonly #entry: BundleEntry;

  constructor(store: BundleFiles, entry: BundleEntry) {
    this.#store = store;
    this.#entry = entry;
  }

  info(): TensorInfo {
    const { name, shape, size } = this.#entry;
    return { name, dtype: knownType(this.#store, this.#entry), shape, byteLength: size };
  }

  async read(): Promise<Tensor> {
    const { name, shape, elements, crc } = this.#entry;
    const { verify, bigEndian } = this.#store;
    const dtype = knownType(this.#store, this.#entry);
    if (dtype === 'variant')
      throw unreadable(this.#store, this.#entry, 'variants, which only TensorFlow can read');
    const range = await this.#range();
    if (dtype === 'string') {
      // The checksum of strings is not that of their bytes, so it is verified when they are decoded.
      const bytes = await readRange({ ...range, crc: undefined });
      const where = { file: range.source.file, offset: range.offset };
      const decode = () => decodeStrings(bytes, elements, verify ? crc : undefined);
      return { dtype, shape, data: placed(where, `tensor ${quoted(name)}`, decode) };
    }
    const bytes = await readRange(range);
    if (bigEndian) swapBytes(dtype, bytes);
    return { dtype, shape, data: viewValues(dtype, bytes) };
  }

  async *chunks(maxElements: number): AsyncGenerator<TensorChunk> {
    const dtype = knownType(this.#store, this.#entry);
    const pieceElements = Math.min(maxElements, Math.max(1, this.#entry.elements));
    const pieceBytes = pieceElements * elementBytes(dtype);
    let start = 0;
    for await (const piece of streamRange(await this.#range(), pieceBytes, this.#store.memory)) {
      if (this.#store.bigEndian) swapBytes(dtype, piece);
      yield { start, data: viewValues(dtype, piece) };
      start += pieceElements;
    }
  }

  async verify(): Promise<boolean> {
    const { name, dtype, elements, offset, crc } = this.#entry;
    const range = { ...(await this.#range()), crc };
    if (dtype !== 'string' && dtype !== 'variant') {
      for await (const _ of streamRange(range, VERIFIED_BYTES, this.#store.memory));
      return true;
    }
    const bytes = await readRange({ ...range, crc: undefined });
    const check = dtype === 'string' ? decodeStrings : checkVariants;
    placed({ file: range.source.file, offset }, `tensor ${quoted(name)}`, () => check(bytes, elements, crc));
    return true;
  }

  /** @throws {DataError} when the shard is missing or too short. */
  async check(): Promise<void> {
    checkBounds(await this.#range());
  }

  async #range(): Promise<TensorRange> {
    const { name, shard, offset, size, crc } = this.#entry;
    const source = await this.#store.files.open(shard);
    return { name, source, offset, size, crc: this.#store.verify ? crc : undefined };
  }
}

class PartitionedTensor implements StoredTensor {
  readonly #store: BundleFiles;
  readonly #entry: BundleEntry;
  /** The entries of the parts, in the order of the slices; undefined where one is missing. */
  readonly #parts: readonly (BundleEntry | undefined)[];

  constructor(store: BundleFiles, entry: BundleEntry, parts: readonly (BundleEntry | undefined)[]) {
    this.#store = store;
    this.#entry = entry;
    this.#parts = parts;
  }

  info(): TensorInfo {
    const { name, shape } = this.#entry;
    const byteLength = this.#parts.reduce((sum, part) => sum + (part?.size ?? 0), 0);
    return { name, dtype: knownType(this.#store, this.#entry), shape, byteLength };
  }

  async read(): Promise<Tensor> {
    const { name, shape } = this.#entry;
    const dtype = knownType(this.#store, this.#entry);
    const where = { file: this.#store.index };
    const parts = placed(where, `tensor ${quoted(name)}`, () => this.#resolveParts());
    return assemble({ name, dtype, shape, ...where, checkStored: () => this.#checkStored() }, parts);
  }

  async *chunks(maxElements: number): AsyncGenerator<TensorChunk> {
    yield* chunksOf(await this.read(), maxElements);
  }

  /** Parts that share their bytes could make a small shard fill the memory. */
  async #checkStored(): Promise<void> {
    const { files, index } = this.#store;
    const shards = new Set(this.#parts.map((part) => part?.shard ?? 0));
    for (const part of this.#parts) if (part !== undefined) await new WholeTensor(this.#store, part).check();
    let stored = 0;
    for (const shard of shards) stored += (await files.open(shard)).size;
    const { name, byteLength } = this.info();
    if (byteLength > stored) {
      throw new DataError(
        `tensor ${quoted(name)}: its parts have ${byteLength} bytes, their shards ${stored}: cut short or damaged`,
        { file: index },
      );
    }
  }

  async verify(): Promise<boolean> {
    placed({ file: this.#store.index }, `tensor ${quoted(this.#entry.name)}`, () => this.#resolveParts());
    for (const part of this.#parts) await new WholeTensor(this.#store, part!).verify();
    return true;
  }

  #resolveParts(): Part[] {
    const { slices, shape, code } = this.#entry;
    return this.#parts.map((part, i) => {
      const box = boxOf(slices[i], shape);
      if (part === undefined)
        throw new DataError(`its part at [${box.start}] is missing from the checkpoint`);
      if (part.code !== code || part.slices.length > 0 || `${part.shape}` !== `${box.size}`) {
        throw new DataError(`its part at [${box.start}] has another type or shape than the variable says`);
      }
      const tensor = new WholeTensor(this.#store, part);
      return { box, read: async () => (await tensor.read()).data };
    });
  }
}

function knownType(store: BundleFiles, entry: BundleEntry): DType {
  if (entry.dtype !== undefined) return entry.dtype;
  throw unreadable(
    store,
    entry,
    `values of TensorFlow's type number ${entry.code}, which this reader does not know`,
  );
}

function unreadable(store: BundleFiles, entry: BundleEntry, what: string): DataError {
  return new DataError(`tensor ${quoted(entry.name)} holds ${what}; the other tensors can be read`, {
    file: store.index,
  });
}
