import type { Plane } from './plane.ts';
import type { Upsampling } from './upsampling.ts';

/**
 * How the 1×2 filter rounds: always by +1 of 4, as libjpeg-turbo up to 2.0.2 (TensorFlow 1.x), or by +1 in
 * the upper and +2 in the lower row, as from 2.0.3 on.
 */
export type VerticalRounding = 'libjpeg-turbo-1.5' | '2.0.3';

/** How two planes of one layout are stretched. */
export interface Stretching {
  readonly kind: Upsampling;
  /** Columns and rows of the picture to one of the planes. */
  readonly across: number;
  readonly down: number;
  readonly rounding: VerticalRounding;
}

/**
 * A constant of this module, which engines address faster than an array they are given; long enough for any
 * picture.
 */
const ROW = new Int32Array(1 << 16);

/**
 * Takes two planes of one layout to the size of the picture (jdsample.c of libjpeg). A word of the row holds
 * a sample of the first in its low half and one of the second in its high half, so that one addition serves
 * both.
 */
export class PlanePairs {
  /** The current row. All share it: it holds until the next `seek` of any. */
  readonly pairs = ROW;
  /** Words of it that count. */
  readonly length: number;
  readonly #first: Plane;
  readonly #second: Uint8Array;
  readonly #stretching: Stretching;

  constructor(first: Plane, second: Plane, stretching: Stretching) {
    this.length = first.width * stretching.across;
    this.#first = first;
    this.#second = second.samples;
    this.#stretching = stretching;
  }

  /** Moves on to a row of the picture. */
  seek(row: number): void {
    const { samples: first, width, component, stride, firstRow } = this.#first;
    const second = this.#second;
    const { kind, across, down, rounding } = this.#stretching;
    const nearRow = Math.floor(row / down);
    const near = (nearRow - firstRow) * stride;
    const isLower = row % down === 1;
    const farRow = Math.min(Math.max(isLower ? nearRow + 1 : nearRow - 1, 0), component.height - 1);
    const far = (farRow - firstRow) * stride;
    switch (kind) {
      case 'full':
      case 'replicate':
        repeat(first, second, near, width, across);
        break;
      case 'h2v1':
        widen(first, second, near, width);
        break;
      case 'h1v2':
        blend(first, second, near, far, width, rounding === '2.0.3' && isLower ? 2 : 1);
        break;
      case 'h2v2':
        widenBlend(first, second, near, far, width);
        break;
    }
  }
}

/** The low byte of both halves. */
const BYTES = 0x00ff00ff;
/** One in both halves. */
const BOTH = 0x00010001;

function repeat(first: Uint8Array, second: Uint8Array, from: number, width: number, across: number): void {
  for (let i = from, at = 0; i < from + width; i++) {
    const pair = first[i] | (second[i] << 16);
    for (const end = at + across; at < end; at++) ROW[at] = pair;
  }
}

/** 2×1: three quarters of the nearest sample and one of the next; the first and the last stand alone. */
function widen(first: Uint8Array, second: Uint8Array, from: number, width: number): void {
  let here = first[from] | (second[from] << 16);
  let at = 0;
  ROW[at++] = here;
  for (let i = from + 1; i < from + width; i++) {
    const next = first[i] | (second[i] << 16);
    ROW[at++] = ((3 * here + next + 2 * BOTH) >> 2) & BYTES;
    ROW[at++] = ((3 * next + here + BOTH) >> 2) & BYTES;
    here = next;
  }
  ROW[at] = here;
}

/** 1×2: three quarters of the nearest row and one of the next. */
function blend(
  first: Uint8Array,
  second: Uint8Array,
  near: number,
  far: number,
  width: number,
  rounding: number,
): void {
  for (let i = 0; i < width; i++) {
    const low = 3 * first[near + i] + first[far + i] + rounding;
    const high = 3 * second[near + i] + second[far + i] + rounding;
    ROW[i] = (low >> 2) | ((high >> 2) << 16);
  }
}

/** 2×2: the two filters one after the other, rounded once. */
function widenBlend(first: Uint8Array, second: Uint8Array, near: number, far: number, width: number): void {
  let here = 3 * first[near] + first[far] + ((3 * second[near] + second[far]) << 16);
  let at = 0;
  ROW[at++] = ((4 * here + 8 * BOTH) >> 4) & BYTES;
  for (let i = 1; i < width; i++) {
    const next = 3 * first[near + i] + first[far + i] + ((3 * second[near + i] + second[far + i]) << 16);
    ROW[at++] = ((3 * here + next + 7 * BOTH) >> 4) & BYTES;
    ROW[at++] = ((3 * next + here + 8 * BOTH) >> 4) & BYTES;
    here = next;
  }
  ROW[at] = ((4 * here + 7 * BOTH) >> 4) & BYTES;
}
