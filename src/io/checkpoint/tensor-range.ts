import { DataError } from '../../base/errors.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { quoted } from '../bytes/place.ts';

/** Large enough for full disk speed, small enough to stay in the cache between reading and checksum. */
const PIECE_BYTES = 2 ** 20;
/** As many as streams walked in step have, with one to spare each. */
const MAX_FREE_BUFFERS = 8;
/** What one buffer may hold under Node 20; the same everywhere, so that a model that fits one runtime fits all. */
const MAX_BUFFER_BYTES = 2 ** 32;

/** The stored bytes of one tensor. */
export interface TensorRange {
  /** Name of the tensor, for errors. */
  readonly name: string;
  readonly source: ByteSource;
  readonly offset: number;
  readonly size: number;
  /** Checksum of the bytes; undefined: not verified. */
  readonly crc: number | undefined;
}

/** Reads all bytes to fresh memory and verifies them. */
export async function readRange(range: TensorRange): Promise<Uint8Array<ArrayBuffer>> {
  checkBounds(range);
  const bytes = new Uint8Array(allocate(range.size, range.name));
  const into = (start: number, length: number) => bytes.subarray(start, start + length);
  for await (const _ of pieces(range, PIECE_BYTES, into));
  return bytes;
}

/**
 * Reads the bytes in pieces of `pieceBytes`, the last one shorter. A piece is valid until the next is asked for.
 * A wrong checksum throws after the last piece.
 */
export async function* streamRange(
  range: TensorRange,
  pieceBytes: number,
  memory: PieceMemory,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  checkBounds(range);
  const length = Math.min(pieceBytes, range.size);
  const buffers: ArrayBuffer[] = [];
  try {
    yield* pieces(range, pieceBytes, (start, size) => {
      const turn = (start / pieceBytes) % 2;
      buffers[turn] ??= memory.take(length, range.name);
      return new Uint8Array(buffers[turn], 0, size);
    });
  } finally {
    for (const buffer of buffers) memory.give(buffer);
  }
}

/** Buffers that streams take in turn: the system takes as long to give fresh memory as to fill it from a file. */
export class PieceMemory {
  /** Smallest first. */
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least that many bytes, whatever it holds. */
  take(bytes: number, name: string): ArrayBuffer {
    const fitting = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    return fitting < 0 ? allocate(bytes, name) : this.#free.splice(fitting, 1)[0];
  }

  give(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > MAX_FREE_BUFFERS) this.#free.shift();
  }
}

/** @throws {DataError} when the file ends before the tensor does. */
export function checkBounds({ name, source, offset, size }: TensorRange): void {
  if (offset + size <= source.size) return;
  throw source.error(
    `tensor ${quoted(name)}: ${size} bytes are expected here, the file has ${source.size} in all: it is cut short or ` +
      'only a pointer to the real file; get it again',
    offset,
  );
}

/** Memory for a tensor, or a DataError that says how to do without. */
export function allocate(bytes: number, name: string): ArrayBuffer {
  try {
    if (bytes <= MAX_BUFFER_BYTES) return new ArrayBuffer(bytes);
  } catch {
    // A RangeError: the runtime has less memory than it allows one buffer to have.
  }
  throw new DataError(
    `tensor ${quoted(name)} has ${bytes} bytes, more than fits in memory at once; read it with chunks()`,
  );
}

/** Reads one piece ahead, so that reading and checksums overlap. `into` gives the memory for each piece. */
async function* pieces(
  range: TensorRange,
  pieceBytes: number,
  into: (start: number, length: number) => Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { source, offset, size } = range;
  const readPiece = async (start: number) => {
    const piece = into(start, Math.min(pieceBytes, size - start));
    await source.readInto(offset + start, piece);
    return piece;
  };
  let crc = 0;
  let pending = size > 0 ? readPiece(0) : undefined;
  try {
    for (let next = pieceBytes; pending !== undefined; next += pieceBytes) {
      const piece = await pending;
      pending = next < size ? readPiece(next) : undefined;
      if (range.crc !== undefined) crc = crc32c(piece, crc);
      yield piece;
    }
  } finally {
    // A consumer that stops early leaves a read under way; it must not outlive the file.
    await pending?.catch(() => {});
  }
  if (range.crc !== undefined && crc !== range.crc) {
    throw source.error(
      `tensor ${quoted(range.name)}: its checksum does not fit: the file is damaged; get it again`,
      offset,
    );
  }
}
