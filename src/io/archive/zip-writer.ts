import { UsageError } from '../../base/errors.ts';
import { crc32 } from '../bytes/crc32.ts';

/** Version of the format that knows files above 4 GiB. */
const VERSION = 45;
/** The checksum follows the data; names are UTF-8. */
const FLAGS = (1 << 3) | (1 << 11);
const STORED = 0;
/** 1 January 1980, midnight, the first there is: equal content gives equal files. */
const TIME_AND_DATE = 0x210000;
const ZIP64_EXTRA = 0x0001;
/** Stands for "see the ZIP64 field". */
const IN_ZIP64 = 0xffffffff;
const IN_ZIP64_16 = 0xffff;

interface Entry {
  readonly name: Uint8Array;
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
}

/**
 * Writes a ZIP archive from beginning to end, uncompressed (PKWARE's APPNOTE 6.3). All entries are in the
 * ZIP64 form, whose sizes have 64 bits: nothing has to be known of an entry before it was written.
 */
export class ZipWriter {
  readonly #file: { write(bytes: Uint8Array): Promise<void> };
  readonly #entries: Entry[] = [];
  #position = 0;

  constructor(file: { write(bytes: Uint8Array): Promise<void> }) {
    this.#file = file;
  }

  /** Adds a file. */
  async add(name: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const bytes = new TextEncoder().encode(name);
    if (bytes.length > 0xffff)
      throw new UsageError(`${name.slice(0, 80)}…: the name is too long for a ZIP archive`);
    const offset = this.#position;
    await this.#write(localHeader(bytes));
    const start = this.#position;
    let crc = 0;
    for await (const piece of content) {
      crc = crc32(piece, crc);
      await this.#write(piece);
    }
    const size = this.#position - start;
    await this.#write(record([4, 0x08074b50], [4, crc], [8, size], [8, size]));
    this.#entries.push({ name: bytes, offset, size, crc });
  }

  /** Writes the directory, which ends the archive. */
  async finish(): Promise<void> {
    const start = this.#position;
    for (const entry of this.#entries) await this.#write(directoryHeader(entry));
    await this.#write(endOfDirectory(this.#entries.length, start, this.#position - start));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes);
    this.#position += bytes.length;
  }
}

function localHeader(name: Uint8Array): Uint8Array {
  const extra = record([2, ZIP64_EXTRA], [2, 16], [8, 0], [8, 0]);
  return joined(
    record([4, 0x04034b50], [2, VERSION], [2, FLAGS], [2, STORED], [4, TIME_AND_DATE], [4, 0]),
    record([4, IN_ZIP64], [4, IN_ZIP64], [2, name.length], [2, extra.length]),
    name,
    extra,
  );
}

function directoryHeader({ name, offset, size, crc }: Entry): Uint8Array {
  const extra = record([2, ZIP64_EXTRA], [2, 24], [8, size], [8, size], [8, offset]);
  return joined(
    record(
      [4, 0x02014b50],
      [2, VERSION],
      [2, VERSION],
      [2, FLAGS],
      [2, STORED],
      [4, TIME_AND_DATE],
      [4, crc],
    ),
    record([4, IN_ZIP64], [4, IN_ZIP64], [2, name.length], [2, extra.length]),
    // Length of the comment, disk, attributes (two kinds), offset.
    record([2, 0], [2, 0], [2, 0], [4, 0], [4, IN_ZIP64]),
    name,
    extra,
  );
}

/** The ZIP64 record, where it is, and the record of old, which refers to it. */
function endOfDirectory(entries: number, start: number, size: number): Uint8Array {
  const rest = record(
    [2, VERSION],
    [2, VERSION],
    [4, 0],
    [4, 0],
    [8, entries],
    [8, entries],
    [8, size],
    [8, start],
  );
  return joined(
    record([4, 0x06064b50], [8, rest.length]),
    rest,
    record([4, 0x07064b50], [4, 0], [8, start + size], [4, 1]),
    record([4, 0x06054b50], [2, 0], [2, 0], [2, IN_ZIP64_16], [2, IN_ZIP64_16]),
    record([4, IN_ZIP64], [4, IN_ZIP64], [2, 0]),
  );
}

/** Little-endian numbers one after the other. */
function record(...fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Uint8Array {
  const result = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(result.buffer);
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return result;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
