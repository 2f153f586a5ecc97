import { type Kernel, kernel } from '../kernel.ts';
import { eachElement } from '../linear-grid.ts';

/**
 * The parts of an Adafactor step (Shazeer and Stern 2018, algorithms 4 and 5) that write what outlives it,
 * dispatched over a `linearGrid`. `control` holds the rate and the decay β₂ of the step.
 *
 * The moving average of a second moment, from `count` sums of squares of `share` = 1 / (terms of a sum) each:
 *
 *     average ← β₂ · average + (1 − β₂) · sums · share
 */
export function adafactorAverageKernel(): Kernel {
  return kernel({
    name: 'adafactor average',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'share', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'f32', access: 'read' },
      { name: 'sums', element: 'f32', access: 'read' },
      { name: 'average', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      '  average[i] = control[1] * average[i] + (1.0 - control[1]) * sums[i] * params.share;',
    ),
  });
}

/**
 * The update, clipped to a root mean square of `threshold` and scaled by that of the parameter, at least
 * `smallest`:
 *
 *     w ← w − rate · max(smallest, RMS(w)) · u / max(1, RMS(u) / threshold)
 *
 * `squares` and `update_squares` are sums of squares, of w before the step and of u; `scale` is what the rate is multiplied with for this
 * parameter.
 */
export function adafactorUpdateKernel(): Kernel {
  return kernel({
    name: 'adafactor update',
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'smallest', type: 'f32' },
      { name: 'threshold', type: 'f32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'f32', access: 'read' },
      { name: 'update', element: 'f32', access: 'read' },
      { name: 'squares', element: 'f32', access: 'read' },
      { name: 'update_squares', element: 'f32', access: 'read' },
      { name: 'parameter', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.count',
      `  let size = max(params.smallest, sqrt(squares[0] / f32(params.count)));
  let excess = max(1.0, sqrt(update_squares[0] / f32(params.count)) / params.threshold);
  parameter[i] -= control[0] * params.scale * size / excess * update[i];`,
    ),
  });
}
