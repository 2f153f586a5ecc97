import { type Kernel, kernel } from '../kernel.ts';
import { eachElement } from '../linear-grid.ts';

/**
 * Adds a share of something to a total, or begins a total with it.
 *
 *     t ← share · x                where control[1] is 0
 *     t ← t + share · x            else
 *
 * Dispatched over a `linearGrid`; `control[0]` is the share.
 */
export function accumulateKernel(): Kernel {
  return kernel({
    name: 'accumulate',
    parameters: [{ name: 'count', type: 'u32' }],
    bindings: [
      { name: 'control', element: 'f32', access: 'read' },
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'total', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      // What a total held before need not be a number.
      `  total[i] = select(0.0, total[i], control[1] > 0.0) + control[0] * x[i];`,
    ),
  });
}
