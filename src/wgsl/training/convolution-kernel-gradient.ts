import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { blockedRounds } from '../loop-rounds.ts';
import { WINDOW_FUNCTIONS, WINDOW_PARAMETERS } from './window.ts';

/**
 * Gradient of a convolution with respect to its kernel, see `convolutionKernel` for the letters.
 *
 *     ∂w[ky,kx,c,o] = Σ_{b,i,j} x[c, (b, i·s + ky − top, j·s + kx − left)] · ∂y[o, (b,i,j)]
 *
 * There are few weights and many pixels, so the sum is cut into `chunks` of `chunk_columns` pixels, each
 * written to a matrix of its own, `dw [chunks, ky·kx·C·O]`; the caller adds them up. An invocation owns four
 * output channels of one chunk.
 */
export function convolutionKernelGradientKernel(): Kernel {
  return kernel({
    name: 'convolution kernel gradient',
    parameters: [
      ...WINDOW_PARAMETERS,
      { name: 'inputs', type: 'u32' },
      { name: 'outputs', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'chunk_columns', type: 'u32' },
    ],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'dy', element: 'f32', access: 'read' },
      { name: 'dw', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${WINDOW_FUNCTIONS}
fn taps() -> u32 { return params.kernel_height * params.kernel_width * params.inputs; }
fn groups() -> u32 { return (params.outputs + ${TILE - 1}u) / ${TILE}u; }
${eachElement(
  'params.chunks * taps() * groups()',
  `  let first = i % groups() * ${TILE}u;
  let tap = i / groups() % taps();
  let chunk = i / groups() / taps();
  let c = tap % params.inputs;
  let kx = tap / params.inputs % params.kernel_width;
  let ky = tap / params.inputs / params.kernel_width;
  let n = output_columns();
  // Channels past the end repeat the last one; they are not stored.
${unroll(TILE, (t) => `  let row${t} = min(first + ${t}u, params.outputs - 1u) * n;`)}
  let end = min((chunk + 1u) * params.chunk_columns, n);
  var sum = vec4f();
  for (var block = chunk * params.chunk_columns; block < end; block += ${BLOCK}u) {
    var part = vec4f();
    for (var column = block; column < min(block + ${BLOCK}u, end); column++) {
      let output = output_pixel(column);
      let at = seen(output, ky, kx);
      if (is_padding(at)) { continue; }
      part = fma(
        vec4f(x[c * input_columns() + input_column(output.x, at)]),
        vec4f(${unroll(TILE, (t) => `dy[row${t} + column]`, ', ')}),
        part
      );
    }
    sum += part;
  }
  let to = (chunk * taps() + tap) * params.outputs + first;
${unroll(TILE, (t) => `  if (first + ${t}u < params.outputs) { dw[to + ${t}u] = sum[${t}]; }`)}`,
)}`,
  });
}

/** @param taps ky · kx · C */
export function convolutionKernelGradientGrid(chunks: number, taps: number, outputs: number): Grid {
  return linearGrid(chunks * taps * ceilDivide(outputs, TILE));
}

/** Rounds of loops of an invocation. @param columns of a chunk */
export function convolutionKernelGradientRounds(columns: number): number {
  return blockedRounds(columns, BLOCK);
}

/** Output channels of an invocation. */
const TILE = 4;
/** Pixels that are summed before they join the rest. */
const BLOCK = 64;
