import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';

/**
 * Moving averages of the statistics of a batch, as TensorFlow keeps them for inference.
 *
 *     mean_c ← mean_c − (mean_c − batch mean_c) · (1 − momentum)
 *     variance_c likewise, of the unbiased variance
 *
 * `statistics [2, channels]`: means and biased variances; `bessel`, N / (N − 1) of N columns, makes the
 * latter unbiased.
 */
export function movingAverageKernel(): Kernel {
  return kernel({
    name: 'moving average',
    parameters: [
      { name: 'channels', type: 'u32' },
      { name: 'rate', type: 'f32' },
      { name: 'bessel', type: 'f32' },
    ],
    bindings: [
      { name: 'statistics', element: 'f32', access: 'read' },
      { name: 'mean', element: 'f32', access: 'read_write' },
      { name: 'variance', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.channels',
      `  mean[i] -= (mean[i] - statistics[i]) * params.rate;
  variance[i] -= (variance[i] - statistics[params.channels + i] * params.bessel) * params.rate;`,
    ),
  });
}

export function movingAverageGrid(channels: number): Grid {
  return linearGrid(channels);
}
