import { ByteBuilder } from '../bytes/byte-builder.ts';
import { crc32c, maskCrc } from '../bytes/crc32c.ts';
import { FOOTER_BYTES, TABLE_MAGIC, type TableEntry } from './table.ts';

/** TensorFlow's own block size and restart intervals. */
const BLOCK_BYTES = 262144;
const DATA_RESTART_INTERVAL = 16;
const INDEX_RESTART_INTERVAL = 1;

/** A whole table file. `entries` must come by strictly rising key; blocks are stored uncompressed. */
export function buildTable(entries: Iterable<TableEntry>): Uint8Array {
  const file = new ByteBuilder();
  const index = new BlockBuilder(INDEX_RESTART_INTERVAL);
  let block = new BlockBuilder(DATA_RESTART_INTERVAL);
  const flush = () => {
    index.add({ key: block.lastKey, value: appendBlock(file, block) });
    block = new BlockBuilder(DATA_RESTART_INTERVAL);
  };
  for (const entry of entries) {
    block.add(entry);
    if (block.size >= BLOCK_BYTES) flush();
  }
  if (block.size > 0) flush();
  const metaindex = appendBlock(file, new BlockBuilder(INDEX_RESTART_INTERVAL));
  const handles = new ByteBuilder().bytes(metaindex).bytes(appendBlock(file, index));
  const padding = new Uint8Array(FOOTER_BYTES - TABLE_MAGIC.length - handles.length);
  return file.bytes(handles.finish()).bytes(padding).bytes(TABLE_MAGIC).finish();
}

/** Writes a block with its trailer and returns its handle: offset and size, encoded. */
function appendBlock(file: ByteBuilder, block: BlockBuilder): Uint8Array {
  const content = new ByteBuilder().bytes(block.finish()).byte(0).finish();
  const handle = new ByteBuilder().varint(file.length).varint(content.length - 1);
  file.bytes(content).fixed32(maskCrc(crc32c(content)));
  return handle.finish();
}

class BlockBuilder {
  lastKey: Uint8Array = new Uint8Array(0);
  readonly #out = new ByteBuilder();
  readonly #restarts: number[] = [0];
  readonly #interval: number;
  #sinceRestart = 0;

  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Bytes of the entries so far. */
  get size(): number {
    return this.#out.length;
  }

  add({ key, value }: TableEntry): void {
    if (this.#sinceRestart === this.#interval) {
      this.#restarts.push(this.#out.length);
      this.#sinceRestart = 0;
    }
    const shared = this.#sinceRestart === 0 ? 0 : sharedLength(this.lastKey, key);
    this.#out
      .varint(shared)
      .varint(key.length - shared)
      .varint(value.length);
    this.#out.bytes(key.subarray(shared)).bytes(value);
    this.lastKey = key;
    this.#sinceRestart++;
  }

  finish(): Uint8Array {
    for (const restart of this.#restarts) this.#out.fixed32(restart);
    return this.#out.fixed32(this.#restarts.length).finish();
  }
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  for (let i = 0; i < limit; i++) if (a[i] !== b[i]) return i;
  return limit;
}
