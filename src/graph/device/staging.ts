/** Larger ones are not kept. */
const MOST_BYTES = 1 << 20;
/** Readings that may be under way at once and all find a buffer afterwards. */
const MOST_BUFFERS = 16;

/**
 * Buffers for reading back, kept for readings of like size to come: making one takes drivers longer than copying a few words.
 * Sizes are powers of two.
 */
export class StagingBuffers {
  readonly #make: (bytes: number) => GPUBuffer;
  readonly #free: GPUBuffer[] = [];

  constructor(make: (bytes: number) => GPUBuffer) {
    this.#make = make;
  }

  /** One with room for so many bytes, unmapped; for the caller alone until it is put back or destroyed. */
  take(bytes: number): GPUBuffer {
    if (bytes > MOST_BYTES) return this.#make(bytes);
    const size = Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));
    const index = this.#free.findIndex((buffer) => buffer.size === size);
    return index < 0 ? this.#make(size) : this.#free.splice(index, 1)[0];
  }

  /** Takes back one that was read from, unmapped: some runtimes refuse to unmap what is not mapped. */
  put(buffer: GPUBuffer): void {
    if (buffer.size > MOST_BYTES || this.#free.length >= MOST_BUFFERS) {
      buffer.destroy();
      return;
    }
    this.#free.push(buffer);
  }
}
