import { DataError } from './errors.ts';

/** Elements held at a time of each variable that is streamed (1 MiB). */
const PIECE_ELEMENTS = 1 << 18;

/** Consecutive elements of a float32 variable; `data` is valid until the next piece is asked for. */
export interface FloatPiece {
  readonly name: string;
  /** Row-major index of the first element in its variable. */
  readonly start: number;
  readonly data: Float32Array;
}

/** What variables are streamed from: a checkpoint, as far as this needs it. */
export interface VariableSource {
  readonly path: string;
  info(name: string): { readonly dtype: string };
  /** Consecutive elements of a variable, at most `elements` at a time. */
  chunks(name: string, elements: number): AsyncIterable<{ readonly start: number; readonly data: unknown }>;
}

/**
 * Streams float32 variables of a checkpoint one after another, so that none is ever whole in memory.
 * @throws {DataError} where a variable is missing, damaged or of another type.
 */
export async function* streamFloat32(
  checkpoint: VariableSource,
  names: readonly string[],
): AsyncGenerator<FloatPiece, void, undefined> {
  for (const name of names) {
    const { dtype } = checkpoint.info(name);
    if (dtype !== 'float32') {
      throw new DataError(`variable ${name} is ${dtype}, weights must be float32`, { file: checkpoint.path });
    }
    for await (const { start, data } of checkpoint.chunks(name, PIECE_ELEMENTS)) {
      const floats = data as Float32Array;
      if (floats.length > 0) yield { name, start, data: floats };
    }
  }
}

/**
 * Walks two streams together and yields pieces of equal length, wherever each stream is cut. Both are read to their
 * end, since a checkpoint verifies its checksums there.
 * @throws {DataError} naming both variables where one stream is longer.
 */
export async function* inStep(
  left: AsyncIterable<FloatPiece>,
  right: AsyncIterable<FloatPiece>,
): AsyncGenerator<[FloatPiece, FloatPiece], void, undefined> {
  const rights = right[Symbol.asyncIterator]();
  try {
    let rest: FloatPiece | undefined;
    let last: FloatPiece | undefined;
    for await (let piece of left) {
      while (piece.data.length > 0) {
        rest ??= await nextPiece(rights);
        if (rest === undefined) {
          throw new DataError(
            `variable ${piece.name} has more elements than ${last?.name ?? 'its companion'}`,
          );
        }
        last = rest;
        const length = Math.min(piece.data.length, rest.data.length);
        yield [take(piece, length), take(rest, length)];
        piece = skip(piece, length);
        rest = length < rest.data.length ? skip(rest, length) : undefined;
      }
    }
    const extra = rest ?? (await nextPiece(rights));
    if (extra !== undefined)
      throw new DataError(`variable ${extra.name} has more elements than its companion`);
  } finally {
    await rights.return?.();
  }
}

async function nextPiece(pieces: AsyncIterator<FloatPiece>): Promise<FloatPiece | undefined> {
  const next = await pieces.next();
  return next.done ? undefined : next.value;
}

function take(piece: FloatPiece, length: number): FloatPiece {
  return { ...piece, data: piece.data.subarray(0, length) };
}

function skip(piece: FloatPiece, length: number): FloatPiece {
  return { ...piece, start: piece.start + length, data: piece.data.subarray(length) };
}
