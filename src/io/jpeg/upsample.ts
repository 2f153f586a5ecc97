import { FilteredPairs, type FilterKind, type VerticalRounding } from './filter.ts';
import type { Frame } from './frame.ts';
import type { Plane } from './plane.ts';
import { type Upsampling, upsamplingOf } from './upsampling.ts';

/** Rows of one component, stretched to the columns of the window. */
export interface StretchedRows {
  /** Samples of the current row, from `offset` on. */
  readonly samples: Uint8Array;
  readonly offset: number;
  /** Moves on to a row of the picture. */
  seek(row: number): void;
}

/** Rows of two components: a sample of the first in the low half of a word, one of the second in the high half. */
export interface StretchedPairs {
  readonly pairs: Int32Array;
  seek(row: number): void;
}

/** Stretches the components of a picture as libjpeg does. */
export class Upsampler {
  readonly #frame: Frame;
  readonly #planes: readonly Plane[];
  readonly #kinds: readonly Upsampling[];
  readonly #rounding: VerticalRounding;
  readonly #columns: number;

  /** @param columns of the window, from where its MCUs begin. */
  constructor(
    frame: Frame,
    planes: readonly Plane[],
    columns: number,
    fancy: boolean,
    rounding: VerticalRounding,
  ) {
    // libjpeg chooses by the width of the whole picture, and again by the window's where a component becomes one column wide.
    const byWindow = planes.some(({ component, width }) => width < 2 && component.width >= 2);
    this.#frame = frame;
    this.#planes = planes;
    this.#kinds = planes.map(({ component, width }) =>
      upsamplingOf(frame, component, fancy, byWindow ? width : component.width),
    );
    this.#rounding = rounding;
    this.#columns = columns;
  }

  /** Rows of the component at a place of the frame. */
  rows(index: number): StretchedRows {
    const plane = this.#planes[index];
    const kind = this.#kinds[index];
    if (kind === 'full') return new FullRows(plane);
    if (kind === 'replicate') {
      const { maxH, maxV } = this.#frame;
      return new ReplicatedRows(plane, maxH / plane.component.h, maxV / plane.component.v);
    }
    return new FilteredRows(kind, plane, this.#rounding);
  }

  /** Rows of two components. */
  pairs(first: number, second: number): StretchedPairs {
    const kind = this.#kinds[first];
    if (kind === 'full' || kind === 'replicate' || kind !== this.#kinds[second]) {
      return new JoinedPairs(this.rows(first), this.rows(second), this.#columns);
    }
    return new FilteredPairs(kind, this.#planes[first], this.#planes[second], this.#rounding);
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

class ReplicatedRows implements StretchedRows {
  readonly samples: Uint8Array;
  readonly offset = 0;
  readonly #plane: Plane;
  readonly #across: number;
  readonly #down: number;
  /** Row of the component that `samples` holds. */
  #row = -1;

  constructor(plane: Plane, across: number, down: number) {
    this.samples = new Uint8Array(plane.width * across);
    this.#plane = plane;
    this.#across = across;
    this.#down = down;
  }

  seek(row: number): void {
    const needed = Math.floor(row / this.#down);
    if (needed === this.#row) return;
    this.#row = needed;
    const across = this.#across;
    const out = this.samples;
    const { samples, width, firstRow, stride } = this.#plane;
    const from = (needed - firstRow) * stride;
    for (let phase = 0; phase < across; phase++) {
      for (let column = 0, at = phase; column < width; column++, at += across)
        out[at] = samples[from + column];
    }
  }
}

/** One filtered component: rare, as colour comes in pairs, so it goes through the filters as a pair with itself. */
class FilteredRows implements StretchedRows {
  readonly samples: Uint8Array;
  readonly offset = 0;
  readonly #pairs: FilteredPairs;

  constructor(kind: FilterKind, plane: Plane, rounding: VerticalRounding) {
    this.#pairs = new FilteredPairs(kind, plane, plane, rounding);
    this.samples = new Uint8Array(this.#pairs.pairs.length);
  }

  seek(row: number): void {
    this.#pairs.seek(row);
    this.samples.set(this.#pairs.pairs);
  }
}

class JoinedPairs implements StretchedPairs {
  readonly pairs: Int32Array;
  readonly #first: StretchedRows;
  readonly #second: StretchedRows;

  constructor(first: StretchedRows, second: StretchedRows, width: number) {
    this.pairs = new Int32Array(width);
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
