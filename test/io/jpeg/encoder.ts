import { ZIGZAG } from '../../../src/io/jpeg/zigzag.ts';

/*
 * A JPEG encoder for tests. It starts from quantised coefficients, so that a picture can be coded in every
 * way the format knows and must come out the same.
 */

/**
 * One component: coefficients of all its blocks, filled up to whole MCUs, each block in the order of the
 * file.
 */
export interface CodedComponent {
  readonly h: number;
  readonly v: number;
  readonly coefficients: Int16Array;
}

export interface CodedPicture {
  readonly width: number;
  readonly height: number;
  readonly components: readonly CodedComponent[];
  /** Quantisation steps in the order of the file, one table for all components. */
  readonly steps: readonly number[];
}

/**
 * One scan: components by place, band of coefficients, bits left out before (0 in a first scan) and after.
 */
export interface CodedScan {
  readonly components: readonly number[];
  readonly band: readonly [start: number, end: number];
  readonly before: number;
  readonly after: number;
}

export interface Coding {
  /** Undefined for a sequential picture. */
  readonly progressive?: readonly CodedScan[] | undefined;
  /** Whether a sequential picture has one scan of all components or one scan each. */
  readonly interleaved?: boolean;
  readonly restartInterval?: number;
  /** Lengths of the Huffman codes. */
  readonly codes?: 'even' | 'skewed';
  /** Segments to put behind the start of the image. */
  readonly segments?: readonly (readonly number[])[];
}

/** Blocks of a component across and down, filled up to whole MCUs. */
export function paddedBlocks(
  { width, height, components }: Omit<CodedPicture, 'steps'>,
  { h, v }: { h: number; v: number },
): readonly [wide: number, high: number] {
  const maxH = Math.max(...components.map((component) => component.h));
  const maxV = Math.max(...components.map((component) => component.v));
  return [Math.ceil(width / (8 * maxH)) * h, Math.ceil(height / (8 * maxV)) * v];
}

export function encodeJpeg(picture: CodedPicture, coding: Coding = {}): Uint8Array {
  const { width, height, components } = picture;
  const { progressive, restartInterval = 0, segments = [] } = coding;
  const code = codeOf(coding.codes ?? 'even');
  const places = components.map((_, place) => place);
  const sequential = (of: readonly number[]): CodedScan => ({
    components: of,
    band: [0, 63],
    before: 0,
    after: 0,
  });
  const scans =
    progressive ??
    (coding.interleaved === false ? places.map((place) => sequential([place])) : [sequential(places)]);
  const bytes: number[] = [0xff, 0xd8];
  for (const segment of segments) bytes.push(...segment);
  const wide = picture.steps.some((step) => step > 255);
  bytes.push(
    ...segmentOf(0xdb, [wide ? 0x10 : 0, ...picture.steps.flatMap((step) => (wide ? word(step) : [step]))]),
  );
  const sampling = components.flatMap(({ h, v }, place) => [place + 1, (h << 4) | v, 0]);
  bytes.push(
    ...segmentOf(progressive ? 0xc2 : wide ? 0xc1 : 0xc0, [
      8,
      ...word(height),
      ...word(width),
      components.length,
      ...sampling,
    ]),
  );
  for (const table of [0x00, 0x10]) {
    const dc = table === 0;
    const { counts, symbols } = dc ? DC_CODE : code;
    bytes.push(...segmentOf(0xc4, [table, ...counts, ...symbols]));
  }
  if (restartInterval > 0) bytes.push(...segmentOf(0xdd, word(restartInterval)));
  for (const scan of scans) {
    const specs = scan.components.flatMap((place) => [place + 1, 0]);
    const approximation = (scan.before << 4) | scan.after;
    bytes.push(...segmentOf(0xda, [scan.components.length, ...specs, ...scan.band, approximation]));
    bytes.push(...new ScanWriter(picture, scan, code, progressive !== undefined).write(restartInterval));
  }
  return Uint8Array.of(...bytes, 0xff, 0xd9);
}

/** A script that splits every component into bands and every coefficient into first bits and a refinement. */
export function progressiveScript(components: number): CodedScan[] {
  const all = Array.from({ length: components }, (_, place) => place);
  const bands = all.flatMap((place): CodedScan[] => [
    { components: [place], band: [1, 5], before: 0, after: 2 },
    { components: [place], band: [6, 63], before: 0, after: 1 },
    { components: [place], band: [1, 5], before: 2, after: 1 },
    { components: [place], band: [1, 63], before: 1, after: 0 },
  ]);
  return [
    { components: all, band: [0, 0], before: 0, after: 1 },
    ...bands,
    { components: all, band: [0, 0], before: 1, after: 0 },
  ];
}

export function segmentOf(marker: number, body: readonly number[]): number[] {
  return [0xff, marker, ...word(body.length + 2), ...body];
}

function word(value: number): number[] {
  return [value >> 8, value & 255];
}

interface Code {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
  readonly bitsOf: ReadonlyMap<number, readonly [bits: number, length: number]>;
}

/** Canonical codes of the symbols 0, 1, …, so many of each length. */
function makeCode(counts: readonly number[]): Code {
  const bitsOf = new Map<number, readonly [number, number]>();
  let bits = 0;
  counts.forEach((count, i) => {
    for (let n = 0; n < count; n++) bitsOf.set(bitsOf.size, [bits++, i + 1]);
    bits <<= 1;
  });
  return { counts, symbols: [...bitsOf.keys()], bitsOf };
}

const DC_CODE = makeCode([0, 0, 0, 15, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const EVEN = makeCode([0, 0, 0, 0, 0, 0, 0, 254, 2, 0, 0, 0, 0, 0, 0, 0]);
/** Some short codes and many of 12 and 16 bits, which no lookahead table reaches. */
const SKEWED = makeCode([0, 1, 2, 3, 0, 0, 2, 8, 0, 0, 0, 40, 0, 0, 0, 200]);

function codeOf(kind: 'even' | 'skewed'): Code {
  return kind === 'even' ? EVEN : SKEWED;
}

class ScanWriter {
  readonly #picture: CodedPicture;
  readonly #scan: CodedScan;
  readonly #code: Code;
  readonly #progressive: boolean;
  readonly #out: number[] = [];
  #buffer = 0;
  #count = 0;
  #predictions: number[] = [];
  #bandRun = 0;
  /** Correction bits of the blocks in `#bandRun`. */
  #corrections: number[] = [];

  constructor(picture: CodedPicture, scan: CodedScan, code: Code, progressive: boolean) {
    this.#picture = picture;
    this.#scan = scan;
    this.#code = code;
    this.#progressive = progressive;
  }

  write(restartInterval: number): number[] {
    const mcus = [...this.#mcus()];
    mcus.forEach((blocks, i) => {
      if (i % (restartInterval || mcus.length) === 0) {
        if (i > 0) {
          this.#flush();
          this.#out.push(0xff, 0xd0 + ((i / restartInterval - 1) & 7));
        }
        this.#predictions = this.#scan.components.map(() => 0);
      }
      for (const [place, block] of blocks) this.#block(place, block);
    });
    this.#flush();
    return this.#out;
  }

  /** The blocks of each MCU, with the place of their component in the scan. */
  *#mcus(): Generator<(readonly [place: number, block: Int16Array])[]> {
    const { width, height, components } = this.#picture;
    const parts = this.#scan.components.map((place) => components[place]);
    const blockAt = (part: CodedComponent, x: number, y: number) => {
      const at = 64 * (y * paddedBlocks(this.#picture, part)[0] + x);
      return part.coefficients.subarray(at, at + 64);
    };
    const [first] = parts;
    if (parts.length === 1) {
      const [maxH, maxV] = [
        Math.max(...components.map(({ h }) => h)),
        Math.max(...components.map(({ v }) => v)),
      ];
      const high = Math.ceil((height * first.v) / (8 * maxV));
      const wide = Math.ceil((width * first.h) / (8 * maxH));
      for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) yield [[0, blockAt(first, x, y)]];
      return;
    }
    const [wide, high] = paddedBlocks(this.#picture, first);
    for (let y = 0; y < high / first.v; y++) {
      for (let x = 0; x < wide / first.h; x++) {
        yield parts.flatMap((part, place) =>
          Array.from({ length: part.h * part.v }, (_, i) => {
            const [right, down] = [i % part.h, Math.floor(i / part.h)];
            return [place, blockAt(part, x * part.h + right, y * part.v + down)] as const;
          }),
        );
      }
    }
  }

  #block(place: number, block: Int16Array): void {
    const { band, before, after } = this.#scan;
    const [start, end] = band;
    if (start === 0) {
      if (before > 0) this.#bits((block[0] >> after) & 1, 1);
      else this.#dc(place, block[0] >> after);
    }
    if (end === 0) return;
    if (before > 0) this.#refine(block);
    else this.#ac(block, Math.max(1, start), end, after);
  }

  #dc(place: number, value: number): void {
    const difference = value - this.#predictions[place];
    this.#predictions[place] = value;
    const size = sizeOf(difference);
    this.#bits(...DC_CODE.bitsOf.get(size)!);
    this.#magnitude(difference, size);
  }

  #ac(block: Int16Array, start: number, end: number, after: number): void {
    let run = 0;
    for (let k = start; k <= end; k++) {
      const value = Math.trunc(block[k] / 2 ** after);
      if (value === 0) {
        run++;
        continue;
      }
      this.#endBandRun();
      for (; run > 15; run -= 16) this.#symbol(0xf0);
      const size = sizeOf(value);
      this.#symbol((run << 4) | size);
      this.#magnitude(value, size);
      run = 0;
    }
    if (run === 0) return;
    if (this.#progressive) this.#bandRun++;
    else this.#symbol(0);
  }

  #refine(block: Int16Array): void {
    const { band, after } = this.#scan;
    const [start, end] = band;
    const size = (k: number) => Math.abs(block[k]) >> after;
    let lastNew = 0;
    for (let k = start; k <= end; k++) if (size(k) === 1) lastNew = k;
    let run = 0;
    let corrections: number[] = [];
    for (let k = start; k <= end; k++) {
      if (size(k) === 0) {
        run++;
        continue;
      }
      for (; run > 15 && k <= lastNew; run -= 16) {
        this.#endBandRun();
        this.#symbol(0xf0);
        for (const bit of corrections) this.#bits(bit, 1);
        corrections = [];
      }
      if (size(k) > 1) {
        corrections.push(size(k) & 1);
        continue;
      }
      this.#endBandRun();
      this.#symbol((run << 4) | 1);
      this.#bits(block[k] > 0 ? 1 : 0, 1);
      for (const bit of corrections) this.#bits(bit, 1);
      corrections = [];
      run = 0;
    }
    if (run === 0 && corrections.length === 0) return;
    this.#bandRun++;
    this.#corrections.push(...corrections);
  }

  #endBandRun(): void {
    if (this.#bandRun === 0) return;
    const size = 31 - Math.clz32(this.#bandRun);
    this.#symbol(size << 4);
    this.#bits(this.#bandRun - (1 << size), size);
    for (const bit of this.#corrections) this.#bits(bit, 1);
    this.#bandRun = 0;
    this.#corrections = [];
  }

  #symbol(symbol: number): void {
    this.#bits(...this.#code.bitsOf.get(symbol)!);
  }

  #magnitude(value: number, size: number): void {
    this.#bits(value < 0 ? value + (1 << size) - 1 : value, size);
  }

  #bits(bits: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.#buffer = (this.#buffer << 1) | ((bits >> i) & 1);
      if (++this.#count < 8) continue;
      this.#out.push(this.#buffer);
      if (this.#buffer === 0xff) this.#out.push(0);
      this.#buffer = 0;
      this.#count = 0;
    }
  }

  /** Fills the last byte up with ones. */
  #flush(): void {
    this.#endBandRun();
    while (this.#count > 0) this.#bits(1, 1);
  }
}

function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

/** 64 numbers in the order of the file, put by rows. */
export function byRows(numbers: ArrayLike<number>): Float64Array {
  const rows = new Float64Array(64);
  for (let k = 0; k < 64; k++) rows[ZIGZAG[k]] = numbers[k];
  return rows;
}
