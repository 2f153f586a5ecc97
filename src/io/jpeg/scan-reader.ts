import type { Refuse } from './frame.ts';
import { extend, type HuffmanTable, LOOKAHEAD } from './huffman.ts';
import { isRestart, nextMarker, RST0 } from './marker-codes.ts';
import { ReadAhead } from './read-ahead.ts';

/** Places in `ScanReader.bits`. */
export const BUFFER = 0;
export const COUNT = 1;
export const POSITION = 2;

/**
 * More zero bytes than the largest MCU can take: 10 blocks of 64 coefficients, each with a code that fails
 * after 17 bits or one of 16 and 15 magnitude bits. So nothing inside an MCU has to ask for the end of the
 * data.
 */
const ZEROS = 10 * 64 * 4 + 64;

/**
 * The entropy-coded data of one scan: hands out bits, restart interval by restart interval.
 *
 * Bits past a marker read as zeros, and once an MCU needed them the rest of the interval is left alone, as in
 * libjpeg; bits past the end of the file are a DataError, as in TensorFlow.
 */
export class ScanReader {
  /** The current interval without stuffing, then zeros. */
  readonly data: Uint8Array;
  /**
   * State of the bit buffer, for decoders that keep it in local variables: BUFFER holds the next COUNT bits
   * in its low end, POSITION is where `data` goes on. A typed array, because a 32-bit number in a property is
   * boxed.
   */
  readonly bits = new Int32Array(3);
  /** DC coefficient of the last block of each component of the scan. */
  readonly predictions = new Int32Array(4);
  /** Blocks to come without coefficients, in a progressive scan. */
  endOfBandRun = 0;
  /** An MCU needed bits that are not there. */
  exhausted = false;
  /** Only in an interval in which the file ends, and where it was asked for. */
  readAhead: ReadAhead | undefined;
  readonly #bytes: Uint8Array;
  readonly #refuse: Refuse;
  readonly #restartInterval: number;
  readonly #blocks: number | undefined;
  #mcusLeft: number;
  #restart = 0;
  /** The marker that was found is none of a restart, so no interval to come has data. */
  #isBehindScan = false;
  /** Bits of the current interval. */
  #length = 0;
  /** Byte behind the current interval and its marker. */
  #end: number;
  /** The marker that ended the current interval, 0 where the file ended. */
  #marker = 0;

  /**
   * @param restartInterval MCUs between restart markers, 0 for none.
   * @param blocks in an MCU; given where it matters whether libjpeg reads beyond the end of the file.
   */
  constructor(bytes: Uint8Array, start: number, restartInterval: number, refuse: Refuse, blocks?: number) {
    this.#bytes = bytes;
    this.#refuse = refuse;
    this.#restartInterval = restartInterval;
    this.#blocks = blocks;
    this.#mcusLeft = restartInterval;
    this.data = new Uint8Array(bytes.length - start + ZEROS);
    this.#end = start;
    this.#openInterval();
  }

  /** Goes on to the next MCU, over a restart marker where one is due. Whether there is data for it. */
  nextMcu(): boolean {
    if (this.#restartInterval > 0) {
      if (this.#mcusLeft === 0) this.#passRestart();
      this.#mcusLeft--;
    }
    this.readAhead?.startMcu(this.#blocks!);
    return !this.exhausted;
  }

  /** Whether no MCU to come can have data: what is left of the scan stays as it is. */
  get isOver(): boolean {
    return this.exhausted && (this.#restartInterval === 0 || this.#isBehindScan);
  }

  /** To be called after each MCU that was decoded. */
  endMcu(): void {
    if (this.#position <= this.#length) return;
    if (this.endsWithFile) this.#refuse('the file ends inside the picture', this.#bytes.length);
    this.exhausted = true;
  }

  /** Whether there is no marker behind the data. */
  get endsWithFile(): boolean {
    return this.#marker === 0;
  }

  /** Where the segments behind the scan begin. */
  end(): number {
    if (this.endsWithFile) this.#refuse('the file ends without an end marker', this.#bytes.length);
    return this.#end - 2;
  }

  /** The next symbol of a code; 0 for bits that are no code. */
  symbol(table: HuffmanTable): number {
    this.#fill();
    const { bits } = this;
    this.readAhead?.beforeCode(this.#position, codeLength(bits, table));
    const entry = table.lookup[(bits[BUFFER] >> (bits[COUNT] - LOOKAHEAD)) & LOOKAHEAD_MASK];
    if (entry === 0) return longSymbol(bits, table);
    const size = (entry >> 9) & 15;
    bits[COUNT] -= entry >> 16 === 0 ? entry & 31 : (entry & 31) - size;
    return ((entry >> 1) & 0xf0) | size;
  }

  /** The number that the next `size` magnitude bits stand for. */
  magnitude(size: number): number {
    return size === 0 ? 0 : extend(this.take(size), size);
  }

  /** The next bits, at most 16. */
  take(count: number): number {
    this.#fill();
    this.readAhead?.beforeBits(this.#position, count);
    const { bits } = this;
    bits[COUNT] -= count;
    return (bits[BUFFER] >> bits[COUNT]) & ((1 << count) - 1);
  }

  /** Bits of the interval that were handed out. */
  get #position(): number {
    return 8 * this.bits[POSITION] - this.bits[COUNT];
  }

  /** Makes sure of 17 bits. */
  #fill(): void {
    const { bits, data } = this;
    if (bits[COUNT] > 16) return;
    const position = bits[POSITION];
    bits[BUFFER] = (bits[BUFFER] << 16) | (data[position] << 8) | data[position + 1];
    bits[COUNT] += 16;
    bits[POSITION] = position + 2;
  }

  /** Copies what comes up to the next marker into `data`, without the zeros stuffed behind 0xff. */
  #openInterval(): void {
    const [bytes, data, start] = [this.#bytes, this.data, this.#end];
    let at = start;
    let length = 0;
    this.#marker = 0;
    for (;;) {
      const stop = bytes.indexOf(0xff, at);
      const end = stop < 0 ? bytes.length : stop;
      data.set(bytes.subarray(at, end), length);
      length += end - at;
      at = end;
      while (at < bytes.length && bytes[at] === 0xff) at++;
      if (at === bytes.length) break;
      if (bytes[at++] !== 0) {
        this.#marker = bytes[at - 1];
        break;
      }
      data[length++] = 0xff;
    }
    data.fill(0, length, length + ZEROS);
    this.#end = at;
    this.#length = 8 * length;
    this.bits.fill(0);
    if (!this.endsWithFile || this.#blocks === undefined) return;
    const place = { start, end: bytes.length };
    const mayBeFast = this.#restartInterval === 0;
    this.readAhead = new ReadAhead(data, this.#length, place, mayBeFast, this.#refuse);
  }

  /**
   * Steps over the restart marker that is due. In its place may stand another: the decision what was lost is
   * libjpeg's (jpeg_resync_to_restart).
   */
  #passRestart(): void {
    const due = this.#restart;
    this.#restart = (due + 1) & 7;
    this.#mcusLeft = this.#restartInterval;
    this.predictions.fill(0);
    this.endOfBandRun = 0;
    for (;;) {
      if (this.endsWithFile) this.#refuse('the file ends before the next restart marker', this.#bytes.length);
      const ahead = isRestart(this.#marker) ? (this.#marker - RST0 - due) & 7 : undefined;
      const bogus = this.#marker < 0xc0;
      if (!bogus && (ahead === undefined || ahead === 1 || ahead === 2)) {
        // What comes belongs to a later interval, or behind the scan: this one is empty.
        this.#isBehindScan = ahead === undefined;
        this.#length = 0;
        this.data.fill(0, 0, ZEROS);
        this.bits.fill(0);
        return;
      }
      if (bogus || ahead === 6 || ahead === 7) {
        const found = nextMarker(this.#bytes, this.#end);
        this.#marker = found?.marker ?? 0;
        this.#end = found?.end ?? this.#bytes.length;
        continue;
      }
      this.exhausted = false;
      this.#openInterval();
      return;
    }
  }
}

const LOOKAHEAD_MASK = (1 << LOOKAHEAD) - 1;

/** Length of the next code; 17 for bits that are none. At least 17 bits must be in the buffer. */
function codeLength(bits: Int32Array, { largest }: HuffmanTable): number {
  let length = 1;
  while (((bits[BUFFER] >> (bits[COUNT] - length)) & ((1 << length) - 1)) > largest[length]) length++;
  return length;
}

/** Finds the symbol of a code longer than LOOKAHEAD. At least 17 bits must be in the buffer. */
export function longSymbol(bits: Int32Array, table: HuffmanTable): number {
  let length = LOOKAHEAD + 1;
  let code = (bits[BUFFER] >> (bits[COUNT] - length)) & ((1 << length) - 1);
  while (code > table.largest[length]) {
    length++;
    code = (bits[BUFFER] >> (bits[COUNT] - length)) & ((1 << length) - 1);
  }
  bits[COUNT] -= length;
  return length > 16 ? 0 : table.symbols[code + table.symbolOffset[length]];
}
