import { type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

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
  body: eachElement(
    'params.pixels',
    `  let at = i * 3u;
  x[i] = (pictures[at] - params.mean_red) / params.deviation_red;
  x[params.columns + i] = (pictures[at + 1u] - params.mean_green) / params.deviation_green;
  x[2u * params.columns + i] = (pictures[at + 2u] - params.mean_blue) / params.deviation_blue;`,
  ),
});

export function normalisePicturesGrid(pixels: number): Grid {
  return linearGrid(pixels);
}
