import { i32, local, loopWhile, startKernel, v128 } from '../../base/wasm-kernel.ts';

/** The pieces in which a message is folded: one SIMD register. */
const BLOCK_BYTES = 16;
/** Blocks folded in one turn of the loop, fewer than the shortest lag. */
const UNROLLED = 4;
const STEP_BYTES = UNROLLED * BLOCK_BYTES;
/** Bytes copied in and folded at a time; they stay in a near cache. */
const TILE_BYTES = 1 << 16;

/**
 * Shortens a message without changing its checksum register: the result, read with an empty register, leaves the register
 * that the message leaves when it is read with `register`. It is overwritten by the next call.
 */
export type Folding = (message: Uint8Array, register: number) => Uint8Array;

/**
 * A folding for a polynomial that divides `S(x) = xⁿ + Σ xⁿ⁻ˡ`, the sum over `lags` `l`, of which `n` is the largest.
 *
 * A sparse multiple of the polynomial replaces each leading bit of a message by a few bits behind it, without tables
 * (S. Russell, "Chorba: A novel CRC32 implementation", 2024). Over GF(2), `S(x)¹²⁸ = S(x¹²⁸)`: the same lags hold for
 * blocks of 128 bits. Each block becomes the exclusive or of itself and of the folded blocks that lie the lags before it;
 * what is left of the message are its last blocks, and what the folded ones hand on to them.
 *
 * @returns undefined where WebAssembly is not to be had.
 */
export function startFolding(lags: readonly number[]): Folding | undefined {
  const history = Math.max(...lags) * BLOCK_BYTES;
  const kernel = startFoldKernel(lags, history);
  if (kernel === undefined) return undefined;
  const bytes = new Uint8Array(kernel.memory);
  const words = new Int32Array(kernel.memory);
  const rest = new Uint8Array(history + STEP_BYTES);
  const restWords = new Int32Array(rest.buffer);

  return (message, register) => {
    const folded = Math.floor((message.length - history) / STEP_BYTES) * STEP_BYTES;
    if (folded <= 0) throw new RangeError(`${message.length} bytes are too few to fold`);
    bytes.fill(0, 0, history);
    for (let start = 0; start < folded; start += TILE_BYTES) {
      const length = Math.min(TILE_BYTES, folded - start);
      bytes.set(message.subarray(start, start + length), history);
      if (start === 0) words[history / 4] ^= register;
      kernel.run(length);
      bytes.copyWithin(0, length, length + history);
    }
    rest.set(message.subarray(folded));
    for (const lag of lags) {
      const handedOn = words.subarray((history - lag * BLOCK_BYTES) / 4, history / 4);
      for (let i = 0; i < handedOn.length; i++) restWords[i] ^= handedOn[i];
    }
    return rest.subarray(0, message.length - folded);
  };
}

/** Folds a tile of that many bytes in place. Memory holds the `history` bytes folded before it, then the tile. */
function startFoldKernel(lags: readonly number[], history: number) {
  const AT = 1;
  const folds = Array.from({ length: UNROLLED }, (_, index) => {
    const block = history + index * BLOCK_BYTES;
    return [
      local.get(AT),
      ...[local.get(AT), v128.load(block)],
      ...lags.flatMap((lag) => [local.get(AT), v128.load(block - lag * BLOCK_BYTES), v128.xor]),
      v128.store(block),
    ];
  });
  const advance = [local.get(AT), i32.const(STEP_BYTES), i32.add, local.tee(AT)];
  return startKernel({
    memoryBytes: history + TILE_BYTES,
    locals: { i32: 1, v128: 0 },
    body: [loopWhile(...folds.flat(), ...advance, local.get(0), i32.lt_u), local.get(AT)],
  });
}
