import type { Frame } from './frame.ts';
import type { Plane } from './plane.ts';
import { PlanePairs, type Stretching, type VerticalRounding } from './plane-pairs.ts';
import { upsamplingOf } from './upsampling.ts';

/** Rows of one component, stretched to the columns of the window. */
export interface StretchedRows {
  /** Samples of the current row, from `offset` on. */
  readonly samples: Uint8Array;
  readonly offset: number;
  /** Moves on to a row of the picture. */
  seek(row: number): void;
}

/**
 * Rows of two components: a sample of the first in the low half of a word, one of the second in the high
 * half.
 */
export interface StretchedPairs {
  /** The current row; it holds until the next `seek` of anything. */
  readonly pairs: Int32Array;
  seek(row: number): void;
}

/** Stretches the components of a picture as libjpeg does. */
export class Upsampler {
  readonly #planes: readonly Plane[];
  readonly #stretchings: readonly Stretching[];

  constructor(frame: Frame, planes: readonly Plane[], fancy: boolean, rounding: VerticalRounding) {
    // libjpeg chooses by the width of the whole picture, and again by the window's where a component becomes
    // one column wide.
    const byWindow = planes.some(({ component, width }) => width < 2 && component.width >= 2);
    this.#planes = planes;
    this.#stretchings = planes.map(({ component, width }) => ({
      kind: upsamplingOf(frame, component, fancy, byWindow ? width : component.width),
      across: frame.maxH / component.h,
      down: frame.maxV / component.v,
      rounding,
    }));
  }

  /** Rows of the component at a place of the frame. */
  rows(index: number): StretchedRows {
    const plane = this.#planes[index];
    const stretching = this.#stretchings[index];
    return stretching.kind === 'full' ? new FullRows(plane) : new HalvesOfPairs(plane, stretching);
  }

  /** Rows of two components. */
  pairs(first: number, second: number): StretchedPairs {
    const { h, v } = this.#planes[first].component;
    const other = this.#planes[second].component;
    if (h === other.h && v === other.v) {
      return new PlanePairs(this.#planes[first], this.#planes[second], this.#stretchings[first]);
    }
    return new JoinedPairs(this.rows(first), this.rows(second));
  }
}

class FullRows implements StretchedRows {
  readonly samples: Uint8Array;
  offset = 0;
  readonly #plane: Plane;

  constructor(plane: Plane) {
    this.samples = plane.samples;
    this.#plane = plane;
  }

  seek(row: number): void {
    this.offset = (row - this.#plane.firstRow) * this.#plane.stride;
  }
}

/** One stretched component: rare, as colours come in pairs, so it is stretched as a pair with itself. */
class HalvesOfPairs implements StretchedRows {
  readonly samples: Uint8Array;
  readonly offset = 0;
  readonly #pairs: PlanePairs;

  constructor(plane: Plane, stretching: Stretching) {
    this.#pairs = new PlanePairs(plane, plane, stretching);
    this.samples = new Uint8Array(this.#pairs.length);
  }

  seek(row: number): void {
    this.#pairs.seek(row);
    const { pairs } = this.#pairs;
    for (let i = 0; i < this.samples.length; i++) this.samples[i] = pairs[i];
  }
}

/** Two components of different layouts. */
class JoinedPairs implements StretchedPairs {
  readonly pairs: Int32Array;
  readonly #first: StretchedRows;
  readonly #second: StretchedRows;

  constructor(first: StretchedRows, second: StretchedRows) {
    this.pairs = new Int32Array(Math.min(first.samples.length, second.samples.length));
    this.#first = first;
    this.#second = second;
  }

  seek(row: number): void {
    this.#first.seek(row);
    this.#second.seek(row);
    const { samples: first, offset: firstFrom } = this.#first;
    const { samples: second, offset: secondFrom } = this.#second;
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i++) pairs[i] = first[firstFrom + i] | (second[secondFrom + i] << 16);
  }
}
