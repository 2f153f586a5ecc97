import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';

/**
 * Which columns are padding: those whose embedded vector is exactly zero, as the original decides.
 *
 *     keep[n] = 0, key_bias[n] = −1e9 where x[d,n] = 0 for all d; else 1 and 0      x [D,N]
 */
export function paddingMaskKernel(): Kernel {
  return kernel({
    name: 'padding mask',
    parameters: [
      { name: 'features', type: 'u32' },
      { name: 'columns', type: 'u32' },
    ],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'keep', element: 'f32', access: 'read_write' },
      { name: 'key_bias', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.columns',
      `  var empty = true;
  for (var d = 0u; d < params.features; d++) { empty = empty && x[d * params.columns + i] == 0.0; }
  keep[i] = select(1.0, 0.0, empty);
  key_bias[i] = select(0.0, -1e9, empty);`,
    ),
  });
}

export function paddingMaskGrid(columns: number): Grid {
  return linearGrid(columns);
}

/** Rounds of loops of an invocation. */
export function paddingMaskRounds(features: number): number {
  return loopRounds(features);
}
