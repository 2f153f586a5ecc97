import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';

/**
 * Repeats a tensor along some of four axes.
 *
 *     y[i, j, k, l] = x[i·s₀ + j·s₁ + k·s₂ + l·s₃]      y row-major; stride 0 along axes that x is repeated along
 */
export function expandKernel(): Kernel {
  return kernel({
    name: 'expand',
    parameters: [
      { name: 'count', type: 'u32' },
      ...[1, 2, 3].map((axis) => ({ name: `extent${axis}`, type: 'u32' }) as const),
      ...[0, 1, 2, 3].map((axis) => ({ name: `stride${axis}`, type: 'u32' }) as const),
    ],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      `  let l = i % params.extent3;
  let rest = i / params.extent3;
  let k = rest % params.extent2;
  let outer = rest / params.extent2;
  let j = outer % params.extent1;
  let first = outer / params.extent1;
  y[i] = x[first * params.stride0 + j * params.stride1 + k * params.stride2 + l * params.stride3];`,
    ),
  });
}

/** @param count elements of y */
export function expandGrid(count: number): Grid {
  return linearGrid(count);
}
