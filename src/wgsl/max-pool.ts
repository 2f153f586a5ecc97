import { PICTURE_PARAMETERS, placeTap, placeWindows, type Window, windowTag } from './convolution.ts';
import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';
import { notANumber } from './not-a-number.ts';

/**
 * Max pooling, feature-major.
 *
 *     y[C, B·Y·X] = max over taps of x[C, shifted by tap]
 *
 * Pixels outside the picture never win: they are left out, as if −∞. What is not a number always does. One invocation, one
 * output pixel.
 */
export interface MaxPoolVariant {
  readonly window: Window;
}

const LANES = 64;

export function maxPoolKernel({ window }: MaxPoolVariant): Kernel {
  return kernel({
    name: `max pool ${windowTag(window)}`,
    parameters: PICTURE_PARAMETERS,
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let first = group.x * ${LANES}u + lane.x;
  if (first >= params.pixels) { return; }
  let base = group.y * params.in_columns;
${placeWindows(window, 1, LANES)}
  // Every window has a pixel inside the picture; the first one met replaces this.
  var largest = 0.0;
  var met = false;
  for (var tap = 0u; tap < ${window.size ** 2}u; tap++) {
${placeTap(window, 'tap', 1)}
    if (inside0) {
      let value = x[base + at0];
      if (!met || ${notANumber('value', 'f32')}) {
        largest = value;
      } else if (!(${notANumber('largest', 'f32')})) {
        largest = max(largest, value);
      }
      met = true;
    }
  }
  y[group.y * params.out_columns + column0] = largest;
}
`,
  });
}

export function maxPoolGrid(channels: number, pixels: number): Grid {
  return [ceilDivide(pixels, LANES), channels, 1];
}
