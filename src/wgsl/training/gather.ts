import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';

/**
 * Lookup of rows as columns, and its gradient.
 *
 *     x[d,n] = table[id_n, d]      ∂table[v,d] = Σ over the n with id_n = v of ∂x[d,n]
 *
 * table [V,D], x [D,N]. For the gradient the columns of each id are first put into a list: `first [V]` has the first of them, or
 * `NONE`, `next [N]` of each the one behind it. So each sum takes its own columns alone, in their order: nothing depends on what
 * runs first.
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

/** An invocation makes the lists of every 64th id, from the last column to the first. */
export function gatherListsKernel(): Kernel {
  return kernel({
    name: 'gather lists',
    parameters: [
      { name: 'vocabulary', type: 'u32' },
      { name: 'columns', type: 'u32' },
    ],
    bindings: [
      { name: 'ids', element: 'u32', access: 'read' },
      { name: 'first', element: 'u32', access: 'read_write' },
      { name: 'next', element: 'u32', access: 'read_write' },
    ],
    body: eachElement(
      `${LISTERS}u`,
      `  for (var v = i; v < params.vocabulary; v += ${LISTERS}u) { first[v] = ${NONE}; }
  for (var n = params.columns; n > 0u; n--) {
    let id = ids[n - 1u];
    if (id % ${LISTERS}u == i) {
      next[n - 1u] = first[id];
      first[id] = n - 1u;
    }
  }`,
    ),
  });
}

export function gatherGradientKernel(): Kernel {
  return kernel({
    name: 'gather gradient',
    parameters: [
      { name: 'vocabulary', type: 'u32' },
      { name: 'features', type: 'u32' },
      { name: 'columns', type: 'u32' },
    ],
    bindings: [
      { name: 'first', element: 'u32', access: 'read' },
      { name: 'next', element: 'u32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read' },
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.vocabulary * params.features',
      `  let row = i % params.features * params.columns;
  var sum = 0.0;
  for (var n = first[i / params.features]; n != ${NONE}; n = next[n]) { sum += gradient[row + n]; }
  result[i] = sum;`,
    ),
  });
}

/** @param elements of the result of the lookup, or of its gradient */
export function gatherGrid(elements: number): Grid {
  return linearGrid(elements);
}

export function gatherListsGrid(): Grid {
  return linearGrid(LISTERS);
}

/** Rounds of loops of an invocation that makes lists, and of the gradient where all columns have one id. */
export function gatherGradientRounds(vocabulary: number, columns: number): number {
  return loopRounds(Math.ceil(vocabulary / LISTERS)) + loopRounds(columns);
}

/** Invocations that make lists, each reading all ids. */
const LISTERS = 64;
/** No column. */
const NONE = '0xffffffffu';

const PARAMETERS = [
  { name: 'features', type: 'u32' },
  { name: 'columns', type: 'u32' },
] as const;
