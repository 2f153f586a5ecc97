import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { WINDOW_FUNCTIONS, WINDOW_PARAMETERS, type Window } from './window.ts';

/**
 * Pools of pictures, and their gradients. Padding takes no part: it never is the largest, and no average
 * counts it.
 *
 *     y[c, (b,i,j)] = max or mean over the window of (i,j) of x[c, ·]
 *
 * A maximum also leaves `which[c, (b,i,j)]`, the column of x it came from, of equal ones the first; the
 * gradient goes there. The gradients gather: every input pixel looks at the windows that see it, so no two
 * invocations write the same place.
 */
export function maxPoolKernel(): Kernel {
  return kernel({
    name: 'training max pool',
    parameters: PARAMETERS,
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
      { name: 'which', element: 'u32', access: 'read_write' },
    ],
    body: overWindow(
      '  var most = -3.4028234e38;\n  var place = 0xffffffffu;',
      '      if (value > most || place == 0xffffffffu) { most = value; place = source; }',
      '  y[i] = most;\n  which[i] = place;',
    ),
  });
}

/** See `maxPoolKernel`. */
export function averagePoolKernel(): Kernel {
  return kernel({
    name: 'training average pool',
    parameters: PARAMETERS,
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
    ],
    body: overWindow(
      '  var total = 0.0;\n  var pixels = 0.0;',
      '      total += value;\n      pixels += 1.0;',
      '  y[i] = total / pixels;',
    ),
  });
}

/** See `maxPoolKernel`. */
export function maxPoolGradientKernel(): Kernel {
  return kernel({
    name: 'max pool gradient',
    parameters: PARAMETERS,
    bindings: [
      { name: 'dy', element: 'f32', access: 'read' },
      { name: 'which', element: 'u32', access: 'read' },
      { name: 'dx', element: 'f32', access: 'read_write' },
    ],
    body: overSeers('      if (which[to] == column) { total += dy[to]; }'),
  });
}

/** See `maxPoolKernel`. */
export function averagePoolGradientKernel(): Kernel {
  return kernel({
    name: 'average pool gradient',
    parameters: PARAMETERS,
    bindings: [
      { name: 'dy', element: 'f32', access: 'read' },
      { name: 'dx', element: 'f32', access: 'read_write' },
    ],
    body: overSeers(`      // Pixels of that window that are no padding.
      let first = vec2u(oy, ox) * params.stride;
      let before = vec2u(params.top, params.left);
      let end = min(first + vec2u(params.kernel_height, params.kernel_width), before + vec2u(params.height, params.width));
      let seen_pixels = end - max(first, before);
      total += dy[to] / f32(seen_pixels.x * seen_pixels.y);`),
  });
}

/** @param pixels of the output, or for a gradient of the input */
export function poolGrid(channels: number, pixels: number): Grid {
  return linearGrid(channels * pixels);
}

/** Rounds of loops of an invocation. */
export function poolRounds({ kernel_height, kernel_width }: Window): number {
  return loopRounds(kernel_height, loopRounds(kernel_width));
}

const PARAMETERS = [...WINDOW_PARAMETERS, { name: 'channels', type: 'u32' } as const];

/** Every output pixel looks at its window: `value` at column `source`. */
function overWindow(before: string, each: string, after: string): string {
  return /* wgsl */ `${WINDOW_FUNCTIONS}
${eachElement(
  'params.channels * output_columns()',
  `  let channel = i / output_columns();
  let output = output_pixel(i % output_columns());
${before}
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let at = seen(output, ky, kx);
      if (is_padding(at)) { continue; }
      let source = input_column(output.x, at);
      let value = x[channel * input_columns() + source];
${each}
    }
  }
${after}`,
)}`;
}

/** Every input pixel (`column`) sums over the output pixels, at `to`, that see it. */
function overSeers(each: string): string {
  return /* wgsl */ `${WINDOW_FUNCTIONS}
${eachElement(
  'params.channels * input_columns()',
  `  let channel = i / input_columns();
  let column = i % input_columns();
  let pixel = input_pixel(column);
  var total = 0.0;
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    let oy = seer(pixel.y, params.top, ky);
    if (oy >= params.out_height) { continue; }
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let ox = seer(pixel.z, params.left, kx);
      if (ox >= params.out_width) { continue; }
      let to = channel * output_columns() + output_column(pixel.x, oy, ox);
${each}
    }
  }
  dx[i] = total;`,
)}`;
}
