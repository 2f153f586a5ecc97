import type { Parameter } from '../kernel.ts';

/**
 * Windows that slide over pictures, of convolutions and pools: output pixel (y, x) sees the input pixels `(y
 * · stride + ky − top, x · stride + kx − left)`; those outside the picture are padding. Columns of
 * activations are pixels, `(picture · height + y) · width + x`.
 */
export type Window = Readonly<Record<(typeof WINDOW_FIELDS)[number], number>>;

const WINDOW_FIELDS = [
  'pictures',
  'height',
  'width',
  'out_height',
  'out_width',
  'kernel_height',
  'kernel_width',
  'stride',
  'top',
  'left',
] as const;

export const WINDOW_PARAMETERS: readonly Parameter[] = WINDOW_FIELDS.map((name) => ({ name, type: 'u32' }));

/**
 * WGSL: picture, y and x of an output and of an input column, and the column of an input pixel that may be
 * padding.
 */
export const WINDOW_FUNCTIONS = /* wgsl */ `
fn output_pixel(column: u32) -> vec3u {
  let picture = column / (params.out_height * params.out_width);
  let pixel = column % (params.out_height * params.out_width);
  return vec3u(picture, pixel / params.out_width, pixel % params.out_width);
}
fn input_pixel(column: u32) -> vec3u {
  let picture = column / (params.height * params.width);
  let pixel = column % (params.height * params.width);
  return vec3u(picture, pixel / params.width, pixel % params.width);
}
// Padding is where the coordinate, unsigned, is past the end: what lies before the start wraps around.
fn seen(output: vec3u, ky: u32, kx: u32) -> vec2u {
  return vec2u(output.y * params.stride + ky - params.top, output.z * params.stride + kx - params.left);
}
fn is_padding(at: vec2u) -> bool { return at.x >= params.height || at.y >= params.width; }
fn input_column(picture: u32, at: vec2u) -> u32 {
  return (picture * params.height + at.x) * params.width + at.y;
}
fn output_column(picture: u32, y: u32, x: u32) -> u32 {
  return (picture * params.out_height + y) * params.out_width + x;
}
fn input_columns() -> u32 { return params.pictures * params.height * params.width; }
fn output_columns() -> u32 { return params.pictures * params.out_height * params.out_width; }
// The output coordinate whose window has the input coordinate at offset k; past the end where there is none.
fn seer(coordinate: u32, before: u32, k: u32) -> u32 {
  let shifted = coordinate + before - k;
  let exists = k <= coordinate + before && shifted % params.stride == 0u;
  return select(0xffffffffu, shifted / params.stride, exists);
}`;
