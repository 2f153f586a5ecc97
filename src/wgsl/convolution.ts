import { type Parameter, unroll } from './kernel.ts';

/*
 * What sparse and dense convolution share. Both are products with the activations read through shifted positions: for every
 * tap (ky, kx) of the kernel, output pixel (y, x) meets input pixel (y·stride + ky − pad, x·stride + kx − pad), nothing is
 * unrolled into a matrix. Pictures lie feature-major, `[C, B·Y·X]`, column (b·Y + y)·X + x, rows padded to a multiple of 4.
 */

/** A square kernel and how it steps over a picture. */
export interface Window {
  /** Side of the kernel. */
  readonly size: number;
  /** Pixels from one place to the next, along both sides. */
  readonly stride: number;
  /** Zeros that stand before the first pixel of a row, and before the first row. */
  readonly padBefore: number;
}

/** What a kernel needs to know of the pictures; sizes of a row are those of the buffers, in elements. */
export const PICTURE_PARAMETERS: readonly Parameter[] = [
  { name: 'out_columns', type: 'u32' },
  { name: 'in_columns', type: 'u32' },
  { name: 'pixels', type: 'u32' },
  { name: 'out_height', type: 'u32' },
  { name: 'out_width', type: 'u32' },
  { name: 'in_height', type: 'u32' },
  { name: 'in_width', type: 'u32' },
];

/**
 * WGSL: `columnV` of each of `count` pixels of the output, `apart` from each other from `first` on, and where their windows
 * begin, in pixels of the input. Pixels past the last repeat it, so that no read needs to be guarded; see `storeOnce`.
 */
export function placeWindows({ stride, padBefore }: Window, count: number, apart: number): string {
  const place = (v: number) =>
    apart === 1 && v > 0
      ? // The next pixel, found without the divisions that are slow to run and to compile on software adapters.
        `  let step${v} = select(0u, 1u, first + ${v}u < params.pixels);
  let column${v} = column${v - 1} + step${v};
  let wraps${v} = x${v - 1} + step${v} == params.out_width;
  let x${v} = select(x${v - 1} + step${v}, 0u, wraps${v});
  let down${v} = select(y${v - 1}, y${v - 1} + 1u, wraps${v});
  let leaves${v} = down${v} == params.out_height;
  let y${v} = select(down${v}, 0u, leaves${v});
  let picture${v} = select(picture${v - 1}, picture${v - 1} + 1u, leaves${v});`
      : `  let column${v} = min(first + ${v * apart}u, params.pixels - 1u);
  let line${v} = column${v} / params.out_width;
  let x${v} = column${v} % params.out_width;
  let y${v} = line${v} % params.out_height;
  let picture${v} = line${v} / params.out_height;`;
  return unroll(
    count,
    (v) => `${place(v)}
  let top${v} = i32(y${v} * ${stride}u) - ${padBefore};
  let left${v} = i32(x${v} * ${stride}u) - ${padBefore};
  let origin${v} = i32(picture${v} * params.in_height) + top${v};`,
  );
}

/**
 * How the pixels of a workgroup are dealt out to its lanes: side by side, so that lanes read together, or to each a run of its
 * own, for devices that gain nothing from that.
 */
export type Deal = 'interleaved' | 'runs';

/** WGSL of the first pixel of a lane, and how far apart its pixels are. */
export function dealPixels(deal: Deal, lanes: number, count: number): { first: string; apart: number } {
  return deal === 'runs'
    ? { first: `(group.x * ${lanes}u + lane.x) * ${count}u`, apart: 1 }
    : { first: `group.x * ${lanes * count}u + lane.x`, apart: lanes };
}

/**
 * WGSL: `store` of pixel `v` of a lane, unless the pixel repeats one of another lane: two may not store to one place, not
 * even the same value. A lane whose pixels lie side by side repeats only its own.
 * @param apart as `dealPixels` gives it, together with `first`
 */
export function storeOnce(v: number, apart: number, store: string): string {
  return v > 0 && apart > 1 ? `if (first + ${v * apart}u < params.pixels) { ${store} }` : store;
}

/**
 * WGSL: for a tap, `insideV` tells whether it meets a pixel and `atV` which column of the input, 0 if none.
 * @param tap expression of its number, ky · size + kx
 */
export function placeTap({ size }: Window, tap: string, count: number): string {
  // Not `&&`: its branches multiply the time that software adapters take to compile.
  const place = (v: number) =>
    `    let inside${v} = (u32(top${v} + ky) < params.in_height) & (u32(left${v} + kx) < params.in_width);
    let at${v} = select(0u, u32((origin${v} + ky) * i32(params.in_width) + left${v} + kx), inside${v});`;
  return `    let ky = i32(${tap} / ${size}u);
    let kx = i32(${tap} % ${size}u);
${unroll(count, place)}`;
}

/** A short tag for kernel names. */
export function windowTag({ size, stride, padBefore }: Window): string {
  return `${size}x${size}/${stride} pad ${padBefore}`;
}
