import { derivedKey, type RandomKey, randomKey, uniforms } from '../../base/random.ts';

/** Tells the order of data from the initial values of a seed, which have the keys of small numbers. */
const ORDER = 0xffff_fffe;

/** The key that orders what a training with a seed reads. */
export function orderKey(seed: number): RandomKey {
  return derivedKey(randomKey(seed), ORDER);
}

/** The orders of epochs, of which only that of the last one asked for is kept. */
export class EpochOrder {
  readonly #count: number;
  #last: { readonly epoch: number; readonly order: Uint32Array } | undefined;

  /** @param count of items */
  constructor(count: number) {
    this.#count = count;
  }

  /** @param key of the epoch, always the same */
  of(epoch: number, key: RandomKey): Uint32Array {
    if (this.#last?.epoch !== epoch) this.#last = { epoch, order: permutation(this.#count, key) };
    return this.#last.order;
  }
}

/** Numbers drawn at a time; each such piece is a stream of the key. */
const PIECE = 2 ** 14;

/** The numbers from 0 to `count − 1` in an order that the key decides, each as likely as any other (Fisher and Yates). */
export function permutation(count: number, key: RandomKey): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let draws: Float64Array = new Float64Array(0);
  for (let i = count - 1, drawn = 0; i > 0; i--, drawn++) {
    if (drawn % PIECE === 0) draws = uniforms(key, 2 * PIECE, drawn / PIECE);
    const [coarse, fine] = [draws[2 * (drawn % PIECE)], draws[2 * (drawn % PIECE) + 1]];
    // 48 bits: more than there are items.
    const j = Math.floor((coarse + fine * 2 ** -24) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
