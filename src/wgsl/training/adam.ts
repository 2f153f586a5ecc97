import { type Kernel, kernel } from '../kernel.ts';
import { eachElement } from '../linear-grid.ts';

/**
 * A step of Adam (Kingma and Ba 2015, the form before section 2.1, which TensorFlow takes).
 *
 *     m ← β₁ m + (1 − β₁) g,    v ← β₂ v + (1 − β₂) g²,    w ← w − rate · m / (√v + ε)
 *
 * Dispatched over a `linearGrid`; `control[0]` is the rate with the bias correction √(1 − β₂ᵗ) / (1 − β₁ᵗ) in
 * it, and `scale` what it is multiplied with for this parameter.
 */
export function adamKernel(): Kernel {
  return kernel({
    name: 'adam step',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'beta1', type: 'f32' },
      { name: 'beta2', type: 'f32' },
      { name: 'epsilon', type: 'f32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'f32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read' },
      { name: 'mean', element: 'f32', access: 'read_write' },
      { name: 'variance', element: 'f32', access: 'read_write' },
      { name: 'parameter', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      `  let g = gradient[i];
  let m = mean[i] + (g - mean[i]) * (1.0 - params.beta1);
  let v = variance[i] + (g * g - variance[i]) * (1.0 - params.beta2);
  mean[i] = m;
  variance[i] = v;
  parameter[i] -= control[0] * params.scale * m / (sqrt(v) + params.epsilon);`,
    ),
  });
}
