import { Gunzip, Unzlib } from 'fflate';
import { crc32 } from './crc32.ts';
import type { Inflate } from './inflate.ts';

/** Unpacks in any runtime, in the calling thread. */
export const portableInflate: Inflate = (packed, format) =>
  format === 'gzip' ? gunzip(packed) : unzlib(packed);

/** The Adler-32 at the end is not looked at. */
async function* unzlib(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const unzlib = new Unzlib((bytes) => unpacked.push(bytes));
  for await (const chunk of packed) {
    unzlib.push(chunk);
    yield* unpacked;
    unpacked = [];
  }
  unzlib.push(NOTHING, true);
  yield* unpacked;
}

async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const members = new Members();
  for await (const chunk of packed) yield* members.push(chunk);
  yield* members.finish();
}

const NOTHING = new Uint8Array(0);
/** Checksum and size, little-endian, at the end of a member. */
const TRAILER_BYTES = 8;
/** What is kept of the end of the input. Padding, which tapes have behind the last member, is below this. */
const TAIL_BYTES = 2 ** 16;
const INVALID_GZIP = 6;

/** The members of a gzip stream. The library does not compare their checksums, and takes padding for a damaged member. */
class Members {
  readonly #gunzip: Gunzip;
  #unpacked: Uint8Array[] = [];
  /** Of what was unpacked of the member at hand. */
  #crc = 0;
  #size = 0;
  #hasBegun = false;
  #hasEnded = false;
  /** The end of the input so far, and where it begins. */
  #tail: Uint8Array = NOTHING;
  #tailStart = 0;

  constructor() {
    this.#gunzip = new Gunzip((bytes) => {
      this.#crc = crc32(bytes, this.#crc);
      this.#size += bytes.length;
      this.#hasBegun = true;
      if (bytes.length > 0) this.#unpacked.push(bytes);
    });
    this.#gunzip.onmember = (offset) => {
      // A view of the tail from there: a member that begins here ends the one before.
      this.#requireTrailer(this.#tail.subarray(0, offset - this.#tailStart));
      this.#crc = 0;
      this.#size = 0;
    };
  }

  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#tail = joined(this.#tail, chunk);
    this.#unpack(chunk, false);
    yield* this.#take();
    const surplus = Math.max(0, this.#tail.length - TAIL_BYTES);
    this.#tail = this.#tail.subarray(surplus);
    this.#tailStart += surplus;
  }

  *finish(): Generator<Uint8Array> {
    this.#unpack(NOTHING, true);
    yield* this.#take();
    this.#requireTrailer(this.#tail);
  }

  #unpack(chunk: Uint8Array, isLast: boolean): void {
    if (this.#hasEnded) return;
    try {
      this.#gunzip.push(chunk, isLast);
    } catch (error) {
      // Not where a member was to begin first: then it is padding, which the trailer before it tells.
      if (!this.#hasBegun || (error as { code?: number }).code !== INVALID_GZIP) throw error;
      this.#hasEnded = true;
    }
  }

  #take(): Uint8Array[] {
    const unpacked = this.#unpacked;
    this.#unpacked = [];
    return unpacked;
  }

  /** @throws where bytes do not end, but for zeros behind it, with the trailer of what was unpacked. */
  #requireTrailer(bytes: Uint8Array): void {
    const trailer = new Uint8Array(TRAILER_BYTES);
    const view = new DataView(trailer.buffer);
    view.setUint32(0, this.#crc, true);
    view.setUint32(4, this.#size % 2 ** 32, true);
    for (let end = bytes.length; end >= TRAILER_BYTES; end--) {
      const start = end - TRAILER_BYTES;
      if (trailer.every((byte, at) => bytes[start + at] === byte)) return;
      if (bytes[end - 1] !== 0) break;
    }
    throw new Error('the checksum or the size at its end does not fit');
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
