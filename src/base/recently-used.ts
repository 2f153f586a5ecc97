import { DisposedError } from './errors.ts';

/** What is kept because making it takes long, and what that costs. */
export interface Kept extends Disposable {
  readonly byteLength: number;
}

/**
 * Things by their keys. Those that were used before the last one stay as long as they have at most so many bytes together; the
 * longest unused goes first. With their owner all go, and nothing is made any more.
 */
export class RecentlyUsed<Key, Value extends Kept> implements Disposable {
  readonly #mostBytes: number;
  /** The last used stands last. */
  readonly #values = new Map<Key, Value>();
  #isDisposed = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Of all that is kept. */
  get byteLength(): number {
    let bytes = 0;
    for (const value of this.#values.values()) bytes += value.byteLength;
    return bytes;
  }

  /**
   * What is kept for the key, made if there is nothing; others give way before.
   * @throws {DisposedError} after the owner was disposed.
   */
  use(key: Key, make: () => Value): Value {
    if (this.#isDisposed) throw new DisposedError('What is kept was asked for after its owner was disposed.');
    const known = this.#values.get(key);
    this.#values.delete(key);
    let excess = this.byteLength - this.#mostBytes;
    for (const [other, value] of this.#values) {
      if (excess <= 0) break;
      excess -= value.byteLength;
      this.#values.delete(other);
      value[Symbol.dispose]();
    }
    const value = known ?? make();
    this.#values.set(key, value);
    return value;
  }

  /** Lets go of everything. */
  clear(): void {
    for (const value of this.#values.values()) value[Symbol.dispose]();
    this.#values.clear();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.clear();
  }
}
