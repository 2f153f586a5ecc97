import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { WINDOW_FUNCTIONS, WINDOW_PARAMETERS, type Window } from './window.ts';

/**
 * Convolution (cross-correlation, as TensorFlow's) and its gradient with respect to its input.
 *
 *     y[o, (b,i,j)] = Σ_{ky,kx,c} w[ky,kx,c,o] · x[c, (b, i·s + ky − top, j·s + kx − left)]
 *     ∂x[c, (b,p,q)] = Σ_{ky,kx,o} w[ky,kx,c,o] · ∂y[o, (b,i,j)]
 *         over the (i,j) whose window has (p,q) at (ky,kx)
 *
 * x [C, pixels], y [O, pixels], w [ky, kx, C, O] row-major as checkpoints store it; pixels contiguous. An
 * invocation owns one pixel of four channels; neighbours own neighbouring pixels and read the same weights.
 */
export function convolutionKernel(): Kernel {
  return kernel({
    name: 'training convolution',
    ...interfaceOf('x', 'y'),
    body: /* wgsl */ `${WINDOW_FUNCTIONS}
${eachElement(
  `${groupsOf('params.outputs')} * output_columns()`,
  `  let n = output_columns();
  let first = i / n * ${TILE}u;
  let column = i % n;
  let output = output_pixel(column);
${channels('params.outputs')}
  var sum = vec4f();
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let at = seen(output, ky, kx);
      if (is_padding(at)) { continue; }
      let source = input_column(output.x, at);
      var part = vec4f();
      for (var c = 0u; c < params.inputs; c++) {
        let row = ((ky * params.kernel_width + kx) * params.inputs + c) * params.outputs;
        part = fma(
          vec4f(x[c * input_columns() + source]),
          vec4f(${unroll(TILE, (t) => `w[row + channel${t}]`, ', ')}),
          part
        );
      }
      sum += part;
    }
  }
${storeChannels('y', 'params.outputs')}`,
)}`,
  });
}

/** See `convolutionKernel`. */
export function convolutionInputGradientKernel(): Kernel {
  return kernel({
    name: 'convolution input gradient',
    ...interfaceOf('dy', 'dx'),
    body: /* wgsl */ `${WINDOW_FUNCTIONS}
${eachElement(
  `${groupsOf('params.inputs')} * input_columns()`,
  `  let n = input_columns();
  let first = i / n * ${TILE}u;
  let column = i % n;
  let pixel = input_pixel(column);
${channels('params.inputs')}
  var sum = vec4f();
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    let oy = seer(pixel.y, params.top, ky);
    if (oy >= params.out_height) { continue; }
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let ox = seer(pixel.z, params.left, kx);
      if (ox >= params.out_width) { continue; }
      let source = output_column(pixel.x, oy, ox);
      let tap = (ky * params.kernel_width + kx) * params.inputs;
      var part = vec4f();
      for (var o = 0u; o < params.outputs; o++) {
        part = fma(
          vec4f(dy[o * output_columns() + source]),
          vec4f(${unroll(TILE, (t) => `w[(tap + channel${t}) * params.outputs + o]`, ', ')}),
          part
        );
      }
      sum += part;
    }
  }
${storeChannels('dx', 'params.inputs')}`,
)}`,
  });
}

/** @param channels that are computed @param pixels of each */
export function convolutionGrid(channels: number, pixels: number): Grid {
  return linearGrid(ceilDivide(channels, TILE) * pixels);
}

/** Rounds of loops of an invocation. @param channels that are summed over */
export function convolutionRounds({ kernel_height, kernel_width }: Window, channels: number): number {
  return loopRounds(kernel_height, loopRounds(kernel_width, loopRounds(channels)));
}

/** Channels of an invocation. */
const TILE = 4;

function interfaceOf(from: string, to: string): Pick<Kernel, 'parameters' | 'bindings'> {
  return {
    parameters: [...WINDOW_PARAMETERS, { name: 'inputs', type: 'u32' }, { name: 'outputs', type: 'u32' }],
    bindings: [
      { name: from, element: 'f32', access: 'read' },
      { name: 'w', element: 'f32', access: 'read' },
      { name: to, element: 'f32', access: 'read_write' },
    ],
  };
}

function groupsOf(count: string): string {
  return `((${count} + ${TILE - 1}u) / ${TILE}u)`;
}

/** Channels past the end repeat the last one; they are not stored. */
function channels(count: string): string {
  return unroll(TILE, (t) => `  let channel${t} = min(first + ${t}u, ${count} - 1u);`);
}

function storeChannels(into: string, count: string): string {
  return unroll(
    TILE,
    (t) => `  if (first + ${t}u < ${count}) { ${into}[(first + ${t}u) * n + column] = sum[${t}]; }`,
  );
}
