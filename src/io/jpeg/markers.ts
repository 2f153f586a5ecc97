import { DataError } from '../../base/errors.ts';
import { type ComponentSpec, type Frame, layFrame, type Refuse } from './frame.ts';
import type { HuffmanCode } from './huffman.ts';
import * as code from './marker-codes.ts';

/** A scan as its start-of-scan segment describes it. */
export interface ScanHeader {
  /** Components of the scan: places in the frame, and the numbers of their Huffman tables. */
  readonly components: readonly { readonly index: number; readonly dc: number; readonly ac: number }[];
  /** First and last coefficient, in the order of the file. */
  readonly spectralStart: number;
  readonly spectralEnd: number;
  /** Bits left out before this scan, 0 in a first scan, and after it. */
  readonly approximationHigh: number;
  readonly approximationLow: number;
  /** Where the entropy-coded data begins. */
  readonly start: number;
  /** MCUs between restart markers, 0 for none. */
  readonly restartInterval: number;
}

/**
 * Reads the segments of a JPEG file between its scans, as strictly and as leniently as libjpeg: what stands
 * between segments is skipped, what stands in them must fit.
 */
export class JpegReader {
  readonly bytes: Uint8Array;
  /** Set from the first scan on. */
  frame!: Frame;
  hasJfif = false;
  /** Colour transform of the Adobe segment, where there is one. */
  adobeTransform: number | undefined;
  /** Quantisation steps by table number, 64 in the order of the file. */
  readonly quantisers: (Uint16Array | undefined)[] = [];
  readonly dcCodes: (HuffmanCode | undefined)[] = [];
  readonly acCodes: (HuffmanCode | undefined)[] = [];
  readonly #file: string | undefined;
  #frame: Frame | undefined;
  #restartInterval = 0;
  #position = 2;
  /** First byte behind the segment that is being read. */
  #segmentEnd = 0;

  /** @throws {DataError} where the bytes do not begin as a JPEG file. */
  constructor(bytes: Uint8Array, file: string | undefined) {
    this.bytes = bytes;
    this.#file = file;
    if (bytes.length < 2 || bytes[0] !== 0xff || bytes[1] !== code.SOI) {
      this.refuse('this is no JPEG file: it does not begin with the bytes ff d8', 0);
    }
  }

  /**
   * Throws a DataError with the name of the file. The byte is where the reader stands, if no other is given.
   */
  readonly refuse: Refuse = (reason, offset = this.#position) => {
    throw new DataError(reason, this.#file === undefined ? { offset } : { file: this.#file, offset });
  };

  /** Reads on to the next scan; undefined at the end of the picture. */
  nextScan(): ScanHeader | undefined {
    for (;;) {
      const marker = this.#marker();
      if (marker === code.EOI) return undefined;
      if (marker === code.SOS) return this.#scan();
      this.#segment(marker);
    }
  }

  /**
   * Reads what follows the only scan of a picture, up to the end marker. A file that ends inside a marker, or inside a
   * segment that libjpeg reads and does not skip, is let pass: libjpeg then waits for more, but has given out the picture.
   */
  finish(): void {
    for (;;) {
      const found = code.nextMarker(this.bytes, this.#position);
      if (found === undefined && this.bytes.at(-1) === 0xff) return;
      const marker = this.#marker();
      if (marker === code.EOI || this.#isCut(marker)) return;
      if (marker === code.SOS) this.refuse('a second scan of a picture that one scan completes');
      this.#segment(marker);
    }
  }

  /** Whether the file ends where libjpeg would read on in a segment. */
  #isCut(marker: number): boolean {
    if (marker === code.TEM || code.isRestart(marker)) return false;
    const [start, { length }] = [this.#position, this.bytes];
    if (start + 2 > length) return start < length;
    const end = start + ((this.bytes[start] << 8) | this.bytes[start + 1]);
    if (end <= length) return false;
    const looksInto = marker === code.APP0 || marker === code.APP14 ? LOOKED_INTO : 2;
    return !isSkipped(marker) || Math.min(start + looksInto, end) > length;
  }

  /** Goes on behind the data of a scan. */
  skipTo(position: number): void {
    this.#position = position;
  }

  #marker(): number {
    const found = code.nextMarker(this.bytes, this.#position);
    if (found === undefined) {
      return this.refuse('the file ends before the end of the picture', this.bytes.length);
    }
    this.#position = found.end;
    return found.marker;
  }

  #segment(marker: number): void {
    if (marker === code.TEM || code.isRestart(marker)) return;
    if (marker === code.SOI) this.refuse('a second picture begins inside this one');
    const unsupported = UNSUPPORTED.get(marker);
    if (unsupported !== undefined) {
      this.refuse(`${unsupported} is not supported; only baseline, extended and progressive Huffman JPEG is`);
    }
    const read = this.#readers.get(marker);
    if (!isSkipped(marker) && read === undefined) {
      this.refuse(`unknown marker ff ${marker.toString(16).padStart(2, '0')}`);
    }
    this.#openSegment(isSkipped(marker));
    read?.();
    this.#position = this.#segmentEnd;
  }

  /** What reads the segments that matter. */
  readonly #readers: ReadonlyMap<number, () => void> = new Map([
    [code.DQT, () => this.#quantisers()],
    [code.DHT, () => this.#huffmanCodes()],
    [code.DRI, () => this.#restarts()],
    [code.APP0, () => this.#jfif()],
    [code.APP14, () => this.#adobe()],
    [code.SOF0, () => this.#startFrame(false)],
    [code.SOF1, () => this.#startFrame(false)],
    [code.SOF2, () => this.#startFrame(true)],
  ]);

  #openSegment(isSkipped = false): void {
    const start = this.#position;
    if (start + 2 > this.bytes.length) this.refuse('the file ends in the length of a segment');
    const length = (this.bytes[start] << 8) | this.bytes[start + 1];
    // A length does not count less than itself; but where libjpeg only skips, it takes that for an empty
    // segment.
    if (length < 2 && !isSkipped) this.refuse(`a segment of ${length} bytes`);
    this.#segmentEnd = start + Math.max(2, length);
    if (this.#segmentEnd > this.bytes.length) this.refuse('the file ends inside a segment', start);
    this.#position = start + 2;
  }

  get #left(): number {
    return this.#segmentEnd - this.#position;
  }

  #byte(): number {
    if (this.#left < 1) this.refuse('a segment is too short for what it has to hold');
    return this.bytes[this.#position++];
  }

  #word(): number {
    return (this.#byte() << 8) | this.#byte();
  }

  #finishSegment(): void {
    if (this.#left !== 0) this.refuse(`a segment is ${this.#left} bytes longer than what it holds`);
  }

  #quantisers(): void {
    while (this.#left > 0) {
      const head = this.#byte();
      const table = head & 15;
      if (table > 3) this.refuse(`there is no quantisation table ${table}`);
      const steps = new Uint16Array(64);
      for (let k = 0; k < 64; k++) steps[k] = head >> 4 === 0 ? this.#byte() : this.#word();
      this.quantisers[table] = steps;
    }
  }

  #huffmanCodes(): void {
    while (this.#left > 16) {
      const offset = this.#position;
      const head = this.#byte();
      const counts = new Uint8Array(17);
      let total = 0;
      for (let length = 1; length <= 16; length++) total += counts[length] = this.#byte();
      if (total > 256 || total > this.#left) this.refuse(`a Huffman table has ${total} codes`, offset);
      const symbols = new Uint8Array(256);
      symbols.set(this.bytes.subarray(this.#position, this.#position + total));
      this.#position += total;
      if ((head & ~0x10) > 3) this.refuse(`there is no Huffman table ${head & ~0x10}`, offset);
      (head & 0x10 ? this.acCodes : this.dcCodes)[head & 15] = { counts, symbols, offset };
    }
    this.#finishSegment();
  }

  #restarts(): void {
    this.#restartInterval = this.#word();
    this.#finishSegment();
  }

  #jfif(): void {
    if (this.#left >= 14 && this.#startsWith('JFIF\0')) this.hasJfif = true;
  }

  #adobe(): void {
    if (this.#left >= 12 && this.#startsWith('Adobe')) this.adobeTransform = this.bytes[this.#position + 11];
  }

  #startsWith(text: string): boolean {
    return [...text].every((letter, i) => this.bytes[this.#position + i] === letter.charCodeAt(0));
  }

  #startFrame(progressive: boolean): void {
    if (this.#frame !== undefined) this.refuse('the picture has two frames');
    const precision = this.#byte();
    const height = this.#word();
    const width = this.#word();
    const count = this.#byte();
    if (height === 0 || width === 0 || count === 0) {
      this.refuse(`an empty picture: ${width}×${height} pixels, ${count} components`);
    }
    if (precision !== 8) this.refuse(`samples of ${precision} bits are not supported; only 8 bits are`);
    const specs = Array.from({ length: count }, (): ComponentSpec => {
      const id = this.#byte();
      const sampling = this.#byte();
      return { id, h: sampling >> 4, v: sampling & 15, quantiser: this.#byte() };
    });
    this.#finishSegment();
    this.#frame = layFrame(width, height, progressive, specs, this.refuse);
  }

  #scan(): ScanHeader {
    const frame = this.#frame ?? this.refuse('a scan begins before the frame is described');
    this.frame = frame;
    this.#openSegment();
    const count = this.#byte();
    if (count < 1 || count > 4) this.refuse(`a scan of ${count} components`);
    const components = Array.from({ length: count }, (_, place) => {
      const id = this.#byte();
      const tables = this.#byte();
      // A component stands in the frame no earlier than in the scan, as long as scans keep the order of the
      // frame.
      const index = frame.components.findIndex((component, i) => i >= place && component.id === id);
      if (index < 0 || index > 3)
        this.refuse(`a scan of a component ${id} that the frame does not have there`);
      return { index, dc: tables >> 4, ac: tables & 15 };
    });
    if (new Set(components.map(({ index }) => index)).size < count) {
      this.refuse('a scan names a component twice');
    }
    const [spectralStart, spectralEnd, approximation] = [this.#byte(), this.#byte(), this.#byte()];
    this.#finishSegment();
    checkBlocks(
      components.map(({ index }) => frame.components[index]),
      this.refuse,
    );
    return {
      components,
      spectralStart,
      spectralEnd,
      approximationHigh: approximation >> 4,
      approximationLow: approximation & 15,
      start: this.#position,
      restartInterval: this.#restartInterval,
    };
  }
}

/** Segments that say nothing to this decoder, beside the application's. */
const SKIPPED = new Set([code.COM, code.DAC, code.DNL]);
/** Bytes of an application's segment, its length among them, that libjpeg looks at before it skips the rest. */
const LOOKED_INTO = 16;

function isSkipped(marker: number): boolean {
  return SKIPPED.has(marker) || (marker >= code.APP0 && marker <= code.APP15);
}

const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [0xc3, 'lossless JPEG'],
  [0xc5, 'hierarchical JPEG'],
  [0xc6, 'hierarchical JPEG'],
  [0xc7, 'hierarchical JPEG'],
  [0xc8, 'an extension of JPEG'],
  [0xc9, 'arithmetic coding'],
  [0xca, 'arithmetic coding'],
  [0xcb, 'lossless JPEG with arithmetic coding'],
  [0xcd, 'hierarchical JPEG with arithmetic coding'],
  [0xce, 'hierarchical JPEG with arithmetic coding'],
  [0xcf, 'hierarchical JPEG with arithmetic coding'],
]);

/** An MCU has at most 10 blocks (ITU T.81, B.2.3). */
function checkBlocks(
  components: readonly { readonly h: number; readonly v: number }[],
  refuse: Refuse,
): void {
  const blocks = components.reduce((sum, { h, v }) => sum + h * v, 0);
  if (components.length > 1 && blocks > 10)
    refuse(`a scan with ${blocks} blocks in an MCU; at most 10 are allowed`);
}
