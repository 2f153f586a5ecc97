import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';

/**
 * Lookup of rows as columns, and its gradient.
 *
 *     x[d,n] = table[id_n, d]      ∂table[v,d] = Σ over the n with id_n = v of ∂x[d,n]
 *
 * table [V,D], x [D,N]. Of equal ids the first column adds all of them up, in order: nothing depends on what
 * runs first. The gradient is dispatched onto zeros.
 */
export function gatherKernel(): Kernel {
  return kernel({
    name: 'gather',
    parameters: PARAMETERS,
    bindings: [
      { name: 'ids', element: 'u32', access: 'read' },
      { name: 'table', element: 'f32', access: 'read' },
      { name: 'x', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.features * params.columns',
      '  x[i] = table[ids[i % params.columns] * params.features + i / params.columns];',
    ),
  });
}

export function gatherGradientKernel(): Kernel {
  return kernel({
    name: 'gather gradient',
    parameters: PARAMETERS,
    bindings: [
      { name: 'ids', element: 'u32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read' },
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.features * params.columns',
      `  let n = i % params.columns;
  let row = i - n;
  let id = ids[n];
  for (var before = 0u; before < n; before++) {
    if (ids[before] == id) { return; }
  }
  var sum = 0.0;
  for (var other = n; other < params.columns; other++) {
    if (ids[other] == id) { sum += gradient[row + other]; }
  }
  result[id * params.features + i / params.columns] = sum;`,
    ),
  });
}

export function gatherGrid(features: number, columns: number): Grid {
  return linearGrid(features * columns);
}

/** Rounds of loops of an invocation of the gradient. The last column and the first, in step, take the rounds for both. */
export function gatherGradientRounds(columns: number): number {
  return 2 * loopRounds(columns);
}

const PARAMETERS = [
  { name: 'features', type: 'u32' },
  { name: 'columns', type: 'u32' },
] as const;
