import { type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/** Stands for a place that nothing comes to: it gets 0. */
export const NOWHERE = 0xffff_ffff;

/** Numbers in another order: `rearranged[i] = numbers[places[i]]`. */
export const REARRANGE: Kernel = kernel({
  name: 'rearrange',
  parameters: [{ name: 'count', type: 'u32' }],
  bindings: [
    { name: 'places', element: 'u32', access: 'read' },
    { name: 'numbers', element: 'f32', access: 'read' },
    { name: 'rearranged', element: 'f32', access: 'read_write' },
  ],
  body: eachElement(
    'params.count',
    `  let place = places[i];
  if (place == ${NOWHERE}u) {
    rearranged[i] = 0.0;
  } else {
    rearranged[i] = numbers[place];
  }`,
  ),
});

/** @param count of the numbers in their new order */
export function rearrangeGrid(count: number): Grid {
  return linearGrid(count);
}
