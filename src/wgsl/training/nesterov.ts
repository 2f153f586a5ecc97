import { type Kernel, kernel } from '../kernel.ts';
import { eachElement } from '../linear-grid.ts';

/**
 * A step of stochastic gradient descent with Nesterov momentum, as TensorFlow's `MomentumOptimizer` takes it.
 *
 *     a ← momentum · a + g,    w ← w − rate · (g + momentum · a)      with the new a
 *
 * Dispatched over a `linearGrid`; `control[0]` is the rate, and `scale` what it is multiplied with for this parameter.
 */
export function nesterovKernel(): Kernel {
  return kernel({
    name: 'nesterov step',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'momentum', type: 'f32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'f32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read' },
      { name: 'accumulator', element: 'f32', access: 'read_write' },
      { name: 'parameter', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      `  let sum = params.momentum * accumulator[i] + gradient[i];
  accumulator[i] = sum;
  parameter[i] -= control[0] * params.scale * (gradient[i] + params.momentum * sum);`,
    ),
  });
}
