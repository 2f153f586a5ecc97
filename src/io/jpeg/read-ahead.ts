import type { Refuse } from './frame.ts';

/**
 * How far libjpeg-turbo has read ahead of what it has decoded, in a picture that ends without a marker.
 *
 * It fills a bit buffer of 64 bits, and gives up when the file ends while it does, though the bits it has would have been
 * enough. Whether a picture without its last bytes is decoded so depends on where the buffer happened to be filled. Far from
 * the end of the file it fills 6 bytes at a time when 16 bits or fewer are left, near it to 57 bits when fewer are left than
 * it needs (jdhuff.c: `decode_mcu_fast`, `decode_mcu_slow`).
 */
export class ReadAhead {
  readonly #data: Uint8Array;
  readonly #refuse: Refuse;
  /** Of the file, in bytes. */
  readonly #end: number;
  readonly #mayBeFast: boolean;
  /** Bits of the interval, and those of them that were read. */
  readonly #length: number;
  #read = 0;
  /** Bytes of the file behind those that were read. */
  #left: number;
  #fast = false;

  /**
   * @param data the interval without stuffing, `length` bits.
   * @param start, end of the interval in the file, in bytes with their stuffing.
   * @param mayBeFast whether libjpeg would take its fast way at all: not where there are restart intervals.
   */
  constructor(
    data: Uint8Array,
    length: number,
    { start, end }: { readonly start: number; readonly end: number },
    mayBeFast: boolean,
    refuse: Refuse,
  ) {
    this.#data = data;
    this.#length = length;
    this.#left = end - start;
    this.#end = end;
    this.#mayBeFast = mayBeFast;
    this.#refuse = refuse;
  }

  startMcu(blocks: number): void {
    this.#fast = this.#mayBeFast && this.#left >= FAST_BYTES * blocks;
  }

  /** To be told before a code is decoded. @param position bits decoded so far. @param length of the code. */
  beforeCode(position: number, length: number): void {
    this.#need(position, LOOKAHEAD_BITS);
    if (length <= LOOKAHEAD_BITS || this.#fast) return;
    this.#need(position, LOOKAHEAD_BITS + 1);
    for (let at = LOOKAHEAD_BITS + 1; at < length; at++) this.#need(position + at, 1);
  }

  /** To be told before magnitude bits are taken. */
  beforeBits(position: number, count: number): void {
    if (count > 0) this.#need(position, count);
  }

  #need(position: number, bits: number): void {
    if (this.#fast) {
      if (this.#read - position <= 16) for (let i = 0; i < 6; i++) this.#readByte();
    } else if (this.#read - position < bits) {
      while (this.#read - position < FILLED_BITS) this.#readByte();
    }
  }

  #readByte(): void {
    if (this.#read >= this.#length) this.#refuse('the file ends inside the picture', this.#end);
    // A byte ff has a stuffed 00 behind it.
    this.#left -= this.#data[this.#read >> 3] === 0xff ? 2 : 1;
    this.#read += 8;
  }
}

/** libjpeg's HUFF_LOOKAHEAD: codes up to this length are looked up. */
const LOOKAHEAD_BITS = 8;
/** What its bit buffer is filled to. */
const FILLED_BITS = 57;
/** Bytes a block for which it is sure that the file does not end in it. */
const FAST_BYTES = 512;
