import type { Plane } from './plane.ts';
import type { Upsampling } from './upsampling.ts';

/**
 * How the 1×2 filter rounds: always by +1 of 4, as libjpeg-turbo up to 2.0.2 (TensorFlow 1.x), or by +1 in the upper and +2 in
 * the lower row, as from 2.0.3 on.
 */
export type VerticalRounding = 'libjpeg-turbo-1.5' | '2.0.3';

/** The triangle filters that stretch 2 to 1 across, down, or both (jdsample.c of libjpeg). */
export type FilterKind = Exclude<Upsampling, 'full' | 'replicate'>;

/**
 * Two planes of one layout, stretched together: a word holds a sample of the first in its low half and one of the second in its
 * high half, so that one addition serves both.
 */
export class FilteredPairs {
  /** The current row. */
  readonly pairs: Int32Array;
  readonly #first: Plane;
  readonly #second: Uint8Array;
  readonly #kind: FilterKind;
  readonly #rounding: VerticalRounding;

  constructor(kind: FilterKind, first: Plane, second: Plane, rounding: VerticalRounding) {
    this.pairs = new Int32Array(kind === 'h1v2' ? first.width : 2 * first.width);
    this.#first = first;
    this.#second = second.samples;
    this.#kind = kind;
    this.#rounding = rounding;
  }

  /** Moves on to a row of the picture. */
  seek(row: number): void {
    const { samples, width, component, stride, firstRow } = this.#first;
    const second = this.#second;
    if (this.#kind === 'h2v1') {
      widen(samples, second, (row - firstRow) * stride, width, this.pairs);
      return;
    }
    const isLower = row % 2 === 1;
    const nearRow = (row - (isLower ? 1 : 0)) / 2;
    const farRow = Math.min(Math.max(isLower ? nearRow + 1 : nearRow - 1, 0), component.height - 1);
    const near = (nearRow - firstRow) * stride;
    const far = (farRow - firstRow) * stride;
    if (this.#kind === 'h2v2') {
      widenBlend(samples, second, near, far, width, this.pairs);
    } else {
      const rounding = this.#rounding === '2.0.3' && isLower ? 2 : 1;
      blend(samples, second, near, far, width, rounding, this.pairs);
    }
  }
}

/** The low byte of both halves. */
const BYTES = 0x00ff00ff;
/** One in both halves. */
const BOTH = 0x00010001;

/** 2×1: three quarters of the nearest sample and one of the next; the first and the last stand alone. */
function widen(first: Uint8Array, second: Uint8Array, from: number, width: number, out: Int32Array): void {
  let here = first[from] | (second[from] << 16);
  let at = 0;
  out[at++] = here;
  for (let i = from + 1; i < from + width; i++) {
    const next = first[i] | (second[i] << 16);
    out[at++] = ((3 * here + next + 2 * BOTH) >> 2) & BYTES;
    out[at++] = ((3 * next + here + BOTH) >> 2) & BYTES;
    here = next;
  }
  out[at] = here;
}

/** 1×2: three quarters of the nearest row and one of the next. */
function blend(
  first: Uint8Array,
  second: Uint8Array,
  near: number,
  far: number,
  width: number,
  rounding: number,
  out: Int32Array,
): void {
  for (let i = 0; i < width; i++) {
    const low = 3 * first[near + i] + first[far + i] + rounding;
    const high = 3 * second[near + i] + second[far + i] + rounding;
    out[i] = (low >> 2) | ((high >> 2) << 16);
  }
}

/** 2×2: the two filters one after the other, rounded once. */
function widenBlend(
  first: Uint8Array,
  second: Uint8Array,
  near: number,
  far: number,
  width: number,
  out: Int32Array,
): void {
  let here = 3 * first[near] + first[far] + ((3 * second[near] + second[far]) << 16);
  let at = 0;
  out[at++] = ((4 * here + 8 * BOTH) >> 4) & BYTES;
  for (let i = 1; i < width; i++) {
    const next = 3 * first[near + i] + first[far + i] + ((3 * second[near + i] + second[far + i]) << 16);
    out[at++] = ((3 * here + next + 7 * BOTH) >> 4) & BYTES;
    out[at++] = ((3 * next + here + 8 * BOTH) >> 4) & BYTES;
    here = next;
  }
  out[at] = ((4 * here + 7 * BOTH) >> 4) & BYTES;
}
