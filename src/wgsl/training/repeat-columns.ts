import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';

/**
 * Every column some times over: `y[m, n] = x[m, ⌊n / times⌋]`, x [M, N / times], y [M, N].
 */
export function repeatColumnsKernel(): Kernel {
  return kernel({
    name: 'repeat columns',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'times', type: 'u32' },
    ],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
    ],
    // Rows have whole repetitions, so the index of the element divides as its column does.
    body: eachElement('params.count', '  y[i] = x[i / params.times];'),
  });
}

/** @param count elements of y */
export function repeatColumnsGrid(count: number): Grid {
  return linearGrid(count);
}
