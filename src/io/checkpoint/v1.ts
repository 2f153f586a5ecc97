import { DataError } from '../../base/errors.ts';
import type { FileTree } from '../archive/file-tree.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { type Extent, encodeTensorNameSlice } from '../bytes/ordered-code.ts';
import { placed, quoted } from '../bytes/place.ts';
import { ProtoReader } from '../bytes/protobuf.ts';
import { chunksOf, type StoredTensor, type TensorStore } from './checkpoint-reader.ts';
import type { DType, Tensor, TensorChunk, TensorData, TensorInfo } from './checkpoint-types.ts';
import { dtypeOfCode, elementBytes, elementCount } from './dtype.ts';
import { decodeName } from './names.ts';
import { assemble, type Part } from './partition.ts';
import { boxOf } from './slices.ts';
import { Table } from './table.ts';
import { parseShape, parseSlice } from './tensor-proto.ts';
import { checkRepetition, decodeTensorProto } from './tensor-values.ts';

/** Opens a V1 checkpoint: one table file, or several that each hold some of the tensors. */
export async function openV1(
  tree: FileTree,
  paths: readonly string[],
  verify: boolean,
): Promise<TensorStore> {
  const sources: ByteSource[] = [];
  const close = async () => {
    for (const source of sources) await source.close();
  };
  try {
    const tensors = new Map<string, V1Tensor>();
    for (const path of paths) {
      const source = await tree.open(path);
      sources.push(source);
      const shard = { file: source.file, table: await Table.open(source, verify), verified: verify };
      for (const meta of await readMeta(shard)) addTensor(tensors, meta, shard);
    }
    return { tensors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shard {
  readonly file: string;
  readonly table: Table;
  /** Whether checksums of what is read are compared. */
  readonly verified: boolean;
}

/** What the meta entry of a shard says of one tensor: full type and shape, and the parts this shard holds. */
interface TensorMeta {
  readonly key: Uint8Array;
  readonly code: number;
  readonly shape: readonly number[];
  readonly slices: readonly (readonly Extent[])[];
}

async function readMeta({ file, table }: Shard): Promise<TensorMeta[]> {
  const entry = await table.get(new Uint8Array(0));
  if (entry === undefined)
    throw new DataError('is a table file without a list of tensors: no checkpoint', { file });
  return placed({ file }, 'list of tensors', () => {
    const metas: TensorMeta[] = [];
    const reader = new ProtoReader(embedded(entry, 1));
    while (reader.next()) if (reader.field === 1) metas.push(parseTensorMeta(reader.bytes()));
    return metas;
  });
}

function parseTensorMeta(bytes: Uint8Array): TensorMeta {
  let key: Uint8Array = new Uint8Array(0);
  let shape: number[] = [];
  let code = 0;
  const slices: Extent[][] = [];
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes();
    else if (reader.field === 2) shape = parseShape(reader.bytes());
    else if (reader.field === 3) code = reader.int();
    else if (reader.field === 4) slices.push(parseSlice(reader.bytes()));
  }
  elementCount(shape);
  return { key, shape, code, slices };
}

function addTensor(tensors: Map<string, V1Tensor>, meta: TensorMeta, shard: Shard): void {
  const name = decodeName(meta.key);
  const tensor = tensors.get(name) ?? new V1Tensor(name, meta, shard.file);
  tensor.addParts(meta, shard);
  tensors.set(name, tensor);
}

class V1Tensor implements StoredTensor {
  readonly #name: string;
  readonly #meta: TensorMeta;
  readonly #file: string;
  readonly #parts: { slice: readonly Extent[]; shard: Shard }[] = [];

  constructor(name: string, meta: TensorMeta, file: string) {
    this.#name = name;
    this.#meta = meta;
    this.#file = file;
  }

  /** Adds the parts that one more shard holds. */
  addParts(meta: TensorMeta, shard: Shard): void {
    if (meta.code !== this.#meta.code || `${meta.shape}` !== `${this.#meta.shape}`) {
      throw new DataError(
        `tensor ${quoted(this.#name)} has another type or shape than in ${this.#file}`,
        shard,
      );
    }
    for (const slice of meta.slices) this.#parts.push({ slice, shard });
  }

  info(): TensorInfo {
    const { shape } = this.#meta;
    const dtype = this.#dtype();
    return { name: this.#name, dtype, shape, byteLength: elementCount(shape) * elementBytes(dtype) };
  }

  async read(): Promise<Tensor> {
    const { shape } = this.#meta;
    const dtype = this.#dtype();
    const places = placed({ file: this.#file }, this.#subject, () =>
      this.#parts.map(({ slice, shard }) => {
        const box = boxOf(slice, shape);
        return { slice, shard, box, elements: elementCount(box.size) };
      }),
    );
    const parts = places.map(
      ({ slice, shard, box, elements }): Part => ({
        box,
        read: () => this.#readPart(shard, slice, dtype, elements),
      }),
    );
    const checkStored = async () => {
      for (const { slice, shard, elements } of places) await this.#checkPart(shard, slice, elements);
    };
    return assemble({ name: this.#name, file: this.#file, dtype, shape, checkStored }, parts);
  }

  async *chunks(maxElements: number): AsyncGenerator<TensorChunk> {
    yield* chunksOf(await this.read(), maxElements);
  }

  /** The checksums are those of the table's blocks. */
  async verify(): Promise<boolean> {
    for (const { slice, shard } of this.#parts) await this.#entryOf(shard, slice);
    return this.#parts.every(({ shard }) => shard.verified);
  }

  async #checkPart(shard: Shard, slice: readonly Extent[], elements: number): Promise<void> {
    const entry = await this.#entryOf(shard, slice);
    placed({ file: shard.file }, this.#subject, () => checkRepetition(elements, entry.length));
  }

  async #readPart(
    shard: Shard,
    slice: readonly Extent[],
    dtype: DType,
    elements: number,
  ): Promise<TensorData> {
    const entry = await this.#entryOf(shard, slice);
    return placed({ file: shard.file }, this.#subject, () =>
      decodeTensorProto(embedded(embedded(entry, 2), 3), dtype, elements),
    );
  }

  async #entryOf({ file, table }: Shard, slice: readonly Extent[]): Promise<Uint8Array> {
    const entry = await table.get(encodeTensorNameSlice(this.#meta.key, slice));
    if (entry !== undefined) return entry;
    throw new DataError(`${this.#subject} is listed, but its values are missing`, { file });
  }

  get #subject(): string {
    return `tensor ${quoted(this.#name)}`;
  }

  #dtype(): DType {
    const dtype = dtypeOfCode(this.#meta.code);
    if (dtype !== undefined) return dtype;
    throw new DataError(
      `tensor ${quoted(this.#name)} holds values of TensorFlow's type number ${this.#meta.code}, which this reader ` +
        'does not know; the other tensors can be read',
      { file: this.#file },
    );
  }
}

/** The last message in a field of a message; an empty one when there is none. */
function embedded(bytes: Uint8Array, field: number): Uint8Array {
  let found: Uint8Array = new Uint8Array(0);
  const reader = new ProtoReader(bytes);
  while (reader.next()) if (reader.field === field) found = reader.bytes();
  return found;
}
