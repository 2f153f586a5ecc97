import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/**
 * Copies a range of elements: rows of a row-major matrix, and back.
 *
 *     to[to_start + i] = from[from_start + i]      i < count
 */
export function copyRangeKernel(): Kernel {
  return kernel({
    name: 'copy range',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'from_start', type: 'u32' },
      { name: 'to_start', type: 'u32' },
    ],
    bindings: [
      { name: 'source', element: 'f32', access: 'read' },
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: eachElement('params.count', '  result[params.to_start + i] = source[params.from_start + i];'),
  });
}

export function copyRangeGrid(count: number): Grid {
  return linearGrid(count);
}
