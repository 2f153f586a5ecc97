import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';

/**
 * Pictures as they come from a decoder to activations: `pictures [B, Y, X, 3]` → `x [3, B·Y·X]`, each channel
 * `(value − mean) / deviation` in float32, in this order.
 */
export const NORMALISE_PICTURES: Kernel = kernel({
  name: 'normalise pictures',
  parameters: [
    { name: 'pixels', type: 'u32' },
    { name: 'columns', type: 'u32' },
    ...['mean', 'deviation'].flatMap((moment) =>
      ['red', 'green', 'blue'].map((channel) => ({ name: `${moment}_${channel}`, type: 'f32' as const })),
    ),
  ],
  bindings: [
    { name: 'pictures', element: 'f32', access: 'read' },
    { name: 'x', element: 'f32', access: 'read_write' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = id.x;
  if (pixel >= params.pixels) { return; }
  let at = pixel * 3u;
  x[pixel] = (pictures[at] - params.mean_red) / params.deviation_red;
  x[params.columns + pixel] = (pictures[at + 1u] - params.mean_green) / params.deviation_green;
  x[2u * params.columns + pixel] = (pictures[at + 2u] - params.mean_blue) / params.deviation_blue;
}
`,
});

export function normalisePicturesGrid(pixels: number): Grid {
  return [ceilDivide(pixels, 64), 1, 1];
}
