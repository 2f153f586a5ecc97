import { UsageError } from '../../base/errors.ts';
import { crc32c, maskCrc } from '../bytes/crc32c.ts';
import { quoted } from '../bytes/place.ts';
import { ProtoWriter } from '../bytes/protobuf.ts';
import type { OutputFile } from '../files/output-file.ts';
import { shardPath } from './bundle.ts';
import type { Tensor } from './checkpoint-types.ts';
import { codeOfDType, componentsOf, elementCount, holds } from './dtype.ts';
import { compareBytes, encodeName } from './names.ts';
import { formatStateFile } from './state-file.ts';
import { encodeStrings, type StoredStrings } from './string-tensor.ts';
import type { TableEntry } from './table.ts';
import { buildTable } from './table-builder.ts';
import { encodeShape } from './tensor-proto.ts';

/** TensorFlow's five digits of a shard number. */
const MAX_SHARDS = 99999;

/** A tensor to write. `data` is the kind of array that `openCheckpoint` gives for the dtype. */
export interface NamedTensor extends Tensor {
  /** Name of the variable; none comes twice. */
  readonly name: string;
}

/** How a checkpoint is written. */
export interface WriteOptions {
  /** How many data files the tensors are spread over. Default 1. */
  readonly shards?: number;
}

/**
 * Writes the files of a V2 checkpoint: the data shards, `NAME.index` and the state file. Each gets its name when it is whole,
 * the index after the data.
 * @param create makes a file of a name.
 * @throws {UsageError} for a name that is empty or comes twice, an unknown dtype, or data that does not fit the shape.
 */
export async function writeBundle(
  name: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  { shards: count = 1 }: WriteOptions,
  create: (file: string) => Promise<OutputFile>,
): Promise<void> {
  if (!Number.isInteger(count) || count < 1 || count > MAX_SHARDS) {
    throw new UsageError(`a checkpoint cannot have ${count} shards; give 1 to ${MAX_SHARDS}`);
  }
  const shards: Shard[] = [];
  try {
    for (let i = 0; i < count; i++) {
      shards.push({ file: await create(shardPath(name, i, count)), number: i, size: 0 });
    }
    const entries = await writeTensors(tensors, shards);
    const index = buildTable([{ key: new Uint8Array(0), value: encodeHeader(count) }, ...entries]);
    // All data is on the disk before the first file gets its name.
    for (const { file } of shards) await file.finish();
    for (const { file } of shards) await file.commit();
    await writeWhole(await create(`${name}.index`), index);
  } catch (error) {
    for (const { file } of shards) await file.abort();
    throw error;
  }
  await writeWhole(await create('checkpoint'), new TextEncoder().encode(formatStateFile(name)));
}

async function writeWhole(file: OutputFile, bytes: Uint8Array): Promise<void> {
  try {
    await file.write(bytes);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

interface Shard {
  readonly file: OutputFile;
  readonly number: number;
  /** Bytes written so far. */
  size: number;
}

/** Writes the values and returns the index entries, by rising key. */
async function writeTensors(
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  shards: readonly Shard[],
): Promise<TableEntry[]> {
  const entries: TableEntry[] = [];
  const names = new Set<string>();
  for await (const tensor of tensors) {
    const key = checkedKey(tensor, names);
    const { bytes, crc } = storedForm(tensor);
    const shard = shards.reduce((least, other) => (other.size < least.size ? other : least));
    await shard.file.write(bytes);
    entries.push({ key, value: encodeEntry(tensor, shard, bytes.length, crc) });
    shard.size += bytes.length;
  }
  return entries.sort((a, b) => compareBytes(a.key, b.key));
}

function checkedKey(tensor: NamedTensor, names: Set<string>): Uint8Array {
  const { name, dtype, shape, data } = tensor;
  const subject = `tensor ${quoted(name)}`;
  if (name === '') throw new UsageError('a tensor has an empty name; every tensor needs one');
  if (names.has(name)) throw new UsageError(`${subject} comes twice; names must differ`);
  names.add(name);
  if (codeOfDType(dtype) === undefined)
    throw new UsageError(`${subject} has the unknown dtype ${quoted(String(dtype))}`);
  if (dtype === 'variant') throw new UsageError(`${subject} is of type variant, which cannot be written`);
  if (!holds(dtype, data)) {
    throw new UsageError(
      `${subject} of type ${dtype} has its data in another kind of array than that type is held in`,
    );
  }
  const items = itemCount(shape, subject) * componentsOf(dtype);
  if (data.length !== items) {
    throw new UsageError(
      `${subject} has ${data.length} values, the shape [${shape}] of ${dtype} needs ${items}`,
    );
  }
  return encodeName(name);
}

function itemCount(shape: readonly number[], subject: string): number {
  try {
    return elementCount(shape);
  } catch (cause) {
    throw new UsageError(`${subject}: ${(cause as Error).message}`, { cause });
  }
}

/** The bytes to store (little-endian, like the memory of every machine this runs on) and their checksum. */
function storedForm({ data }: NamedTensor): StoredStrings {
  if (Array.isArray(data)) return encodeStrings(data);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { bytes, crc: crc32c(bytes) };
}

function encodeHeader(shards: number): Uint8Array {
  const version = new ProtoWriter().int(1, 1).finish();
  return new ProtoWriter().int(1, shards).bytes(3, version).finish();
}

function encodeEntry({ dtype, shape }: NamedTensor, shard: Shard, size: number, crc: number): Uint8Array {
  const entry = new ProtoWriter().int(1, codeOfDType(dtype)!).bytes(2, encodeShape(shape));
  if (shard.number > 0) entry.int(3, shard.number);
  if (shard.size > 0) entry.int(4, shard.size);
  if (size > 0) entry.int(5, size);
  return entry.fixed32(6, maskCrc(crc)).finish();
}
