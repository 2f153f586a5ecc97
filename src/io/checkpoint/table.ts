import { DataError } from '../../base/errors.ts';
import { ByteCursor } from '../bytes/byte-cursor.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { crc32c, unmaskCrc } from '../bytes/crc32c.ts';
import { placed } from '../bytes/place.ts';
import { decompressSnappy } from '../bytes/snappy.ts';
import { compareBytes } from './names.ts';

export const FOOTER_BYTES = 48;
export const TABLE_MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);
const HANDLES_BYTES = 40;
/** After every block: one byte of compression type and a masked checksum. */
const TRAILER_BYTES = 5;
/** Keys are stored by difference, so a crafted block could unfold without end. Real keys have ten times their block. */
const MAX_KEY_SHARE = 64;

export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Where a block is: its offset in the file and its size without the trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/**
 * A sorted table of byte strings in the LevelDB layout, as TensorFlow writes it. Every block is checked against
 * its checksum when it is read (unless `verify` is false); damage is a DataError with file and offset.
 */
export class Table {
  readonly #source: ByteSource;
  readonly #verify: boolean;
  /** The last key each data block may hold, and where the block is. */
  readonly #blocks: readonly { readonly lastKey: Uint8Array; readonly handle: BlockHandle }[];

  /** The block that was asked for last. */
  #last: { readonly handle: BlockHandle; readonly entries: TableEntry[] } | undefined;

  private constructor(source: ByteSource, verify: boolean, index: TableEntry[]) {
    this.#source = source;
    this.#verify = verify;
    this.#blocks = index.map(({ key, value }) => ({
      lastKey: key,
      handle: placed({ file: source.file }, 'index block', () => parseHandle(new ByteCursor(value))),
    }));
    const bytes = this.#blocks.reduce((sum, { handle }) => sum + handle.size, 0);
    if (bytes > source.size) throw source.error('its index names more blocks than it has: it is damaged');
  }

  static async open(source: ByteSource, verify: boolean): Promise<Table> {
    const { metaindex, index } = await readFooter(source);
    await readBlock(source, metaindex, verify);
    return new Table(source, verify, await readBlock(source, index, verify));
  }

  /** All entries by rising key. */
  async *entries(): AsyncGenerator<TableEntry> {
    let previous: Uint8Array | undefined;
    for (const { handle } of this.#blocks) {
      for (const entry of await this.#block(handle)) {
        if (previous !== undefined && compareBytes(previous, entry.key) >= 0) {
          throw this.#source.error(
            'the keys of this block do not follow those of the one before',
            handle.offset,
          );
        }
        previous = entry.key;
        yield entry;
      }
    }
  }

  /** The value of one key, found by reading a single block. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const block = firstFrom(this.#blocks, ({ lastKey }) => lastKey, key);
    if (block === undefined) return undefined;
    const entries = await this.#cached(block.handle);
    const entry = firstFrom(entries, (each) => each.key, key);
    return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry.value : undefined;
  }

  /** Neighbours in a block are asked for one after the other; a block of one is large and not kept. */
  async #cached(handle: BlockHandle): Promise<TableEntry[]> {
    if (this.#last?.handle === handle) return this.#last.entries;
    const entries = await this.#block(handle);
    this.#last = entries.length > 1 ? { handle, entries } : undefined;
    return entries;
  }

  #block(handle: BlockHandle): Promise<TableEntry[]> {
    return readBlock(this.#source, handle, this.#verify);
  }
}

/** The first item whose key is not below `key`; keys must rise. */
function firstFrom<T>(items: readonly T[], keyOf: (item: T) => Uint8Array, key: Uint8Array): T | undefined {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(keyOf(items[middle]), key) < 0) low = middle + 1;
    else high = middle;
  }
  return items[low];
}

/** Whether a file ends as a table does. */
export async function isTable(source: ByteSource): Promise<boolean> {
  if (source.size < FOOTER_BYTES) return false;
  const tail = await source.read(source.size - TABLE_MAGIC.length, TABLE_MAGIC.length);
  return compareBytes(tail, TABLE_MAGIC) === 0;
}

async function readFooter(source: ByteSource): Promise<{ metaindex: BlockHandle; index: BlockHandle }> {
  if (!(await isTable(source))) throw await notATable(source);
  const offset = source.size - FOOTER_BYTES;
  const footer = await source.read(offset, HANDLES_BYTES);
  return placed({ file: source.file, offset }, 'footer', () => {
    const cursor = new ByteCursor(footer);
    return { metaindex: parseHandle(cursor), index: parseHandle(cursor) };
  });
}

async function notATable(source: ByteSource): Promise<DataError> {
  const head = new TextDecoder('latin1').decode(await source.read(0, Math.min(source.size, 64)));
  if (head.startsWith('version https://git-lfs')) {
    return source.error('is a Git LFS pointer, not the file itself; run `git lfs pull`');
  }
  if (/^\s*</.test(head)) return source.error('is a web page, not a checkpoint; download it again');
  return source.error(
    `is not a TensorFlow table file (${source.size} bytes, no table mark at the end): it is cut short or no checkpoint index`,
    Math.max(0, source.size - TABLE_MAGIC.length),
  );
}

function parseHandle(cursor: ByteCursor): BlockHandle {
  return { offset: cursor.uint(), size: cursor.uint() };
}

async function readBlock(source: ByteSource, handle: BlockHandle, verify: boolean): Promise<TableEntry[]> {
  const { offset, size } = handle;
  const stored = await source.read(offset, size + TRAILER_BYTES);
  const trailer = new ByteCursor(stored, size);
  const type = trailer.take(1)[0];
  const expected = unmaskCrc(trailer.fixed32());
  if (verify && crc32c(stored.subarray(0, size + 1)) !== expected) {
    throw source.error('the checksum of this block does not fit: the file is damaged; get it again', offset);
  }
  return placed({ file: source.file, offset }, 'block', () =>
    parseBlock(decompress(stored.subarray(0, size), type)),
  );
}

function decompress(block: Uint8Array, type: number): Uint8Array {
  if (type === 0) return block;
  if (type === 1) return decompressSnappy(block);
  throw new DataError(`compressed in a way (${type}) that TensorFlow does not use`);
}

/** Entries share the beginning of their key with the one before; the restart points at the end are not needed. */
function parseBlock(block: Uint8Array): TableEntry[] {
  const restarts = new ByteCursor(block, Math.max(0, block.length - 4)).fixed32();
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new DataError(`${restarts} restart points do not fit into ${block.length} bytes`);
  const entries: TableEntry[] = [];
  let key: Uint8Array = new Uint8Array(0);
  let keyBytes = 0;
  for (const cursor = new ByteCursor(block, 0, end); !cursor.atEnd; ) {
    const shared = cursor.uint();
    const added = cursor.uint();
    const valueLength = cursor.uint();
    if (shared > key.length) throw new DataError('a key shares more bytes than the one before it has');
    keyBytes += shared + added;
    if (keyBytes > MAX_KEY_SHARE * block.length) {
      throw new DataError(`the keys unfold to more than ${MAX_KEY_SHARE} times its ${block.length} bytes`);
    }
    const next = joinKey(key.subarray(0, shared), cursor.take(added));
    if (entries.length > 0 && compareBytes(key, next) >= 0) throw new DataError('keys do not rise');
    key = next;
    entries.push({ key, value: cursor.take(valueLength) });
  }
  return entries;
}

function joinKey(shared: Uint8Array, added: Uint8Array): Uint8Array {
  const key = new Uint8Array(shared.length + added.length);
  key.set(shared);
  key.set(added, shared.length);
  return key;
}
