import { addParts, declareParts, declareSums, tileSums } from '../block-sums.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { workgroupGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { tileInRow } from './tile-in-row.ts';
import { WINDOW_FUNCTIONS, WINDOW_PARAMETERS } from './window.ts';

/**
 * Gradient of a convolution with respect to its kernel, see `convolutionKernel` for the letters.
 *
 *     ∂w[ky,kx,c,o] = Σ_{b,i,j} x[c, (b, i·s + ky − top, j·s + kx − left)] · ∂y[o, (b,i,j)]
 *
 * A product of matrices, `[ky·kx·C, terms] · [terms, O]`: term (i·X + j)·B + b is pixel (i,j) of picture b, so that the place that a
 * tap meets is found once for all pictures. There are few weights and many terms, so the sum is cut into `chunks` of
 * `chunk_terms`, each written to a matrix of its own, `dw [chunks, ky·kx·C·O]`; the caller adds them up.
 *
 * Register-tiled: an invocation owns `rows` rows, of whatever taps, by `columns` output channels of one chunk. All variants give
 * equal bits.
 */
export interface KernelGradientVariant {
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /** Channels of taps an invocation owns. */
  readonly rows: number;
  /** Output channels an invocation owns. */
  readonly columns: number;
}

export function convolutionKernelGradientKernel(variant: KernelGradientVariant): Kernel {
  const { lanes, rows, columns } = variant;
  const sums = tileSums('f32', rows, columns);
  const { each } = sums;
  return kernel({
    name: `convolution kernel gradient, ${lanes} lanes, ${rows} rows x ${columns} columns`,
    parameters: [
      ...WINDOW_PARAMETERS,
      { name: 'inputs', type: 'u32' },
      { name: 'outputs', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'chunk_terms', type: 'u32' },
    ],
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'dy', element: 'f32', access: 'read' },
      { name: 'dw', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${WINDOW_FUNCTIONS}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let taps = params.kernel_height * params.kernel_width * params.inputs;
${tileInRow(variant, {
  lane: 'lane',
  rows: 'taps',
  columns: 'params.outputs',
  result: 'chunk',
  results: 'params.chunks',
})}
  let area = params.height * params.width;
  let out_area = params.out_height * params.out_width;
  // Rows and channels past the end repeat the last one; they are not stored.
${unroll(
  rows,
  (r) => `  let row${r} = min(first_row + ${r}u, taps - 1u);
  let from${r} = row${r} % params.inputs * input_columns();
  let kx${r} = row${r} / params.inputs % params.kernel_width;
  let ky${r} = row${r} / params.inputs / params.kernel_width;`,
)}
${unroll(columns, (v) => `  let column${v} = min(first + ${v}u, params.outputs - 1u) * output_columns();`)}
${declareSums(sums)}
  let end = min((chunk + 1u) * params.chunk_terms, output_columns());
  for (var block = chunk * params.chunk_terms; block < end; block += ${BLOCK}u) {
    let stop = min(block + ${BLOCK}u, end);
${declareParts(sums)}
    var next = block;
    for (var term = block; term < stop; term = next) {
      let pixel = term / params.pictures;
      // Pictures of this pixel that are in the block.
      let before = pixel * params.pictures;
      next = min(stop, before + params.pictures);
      let output = vec3u(0u, pixel / params.out_width, pixel % params.out_width);
${unroll(
  rows,
  (r) => `      let seen${r} = seen(output, ky${r}, kx${r});
      let inside${r} = !is_padding(seen${r});
      let at${r} = from${r} + select(0u, input_column(0u, seen${r}), inside${r});`,
)}
      if (!(${unroll(rows, (r) => `inside${r}`, ' | ')})) { continue; }
      for (var picture = term - before; picture < next - before; picture++) {
        let of_x = picture * area;
        let of_y = picture * out_area + pixel;
${unroll(rows, (r) => `        let a${r} = select(0.0, x[at${r} + of_x], inside${r});`)}
${unroll(columns, (v) => `        let b${v} = dy[column${v} + of_y];`)}
${unroll(rows, (r) =>
  unroll(columns, (v) => {
    const { part } = each[r * columns + v];
    return `        ${part} = fma(a${r}, b${v}, ${part});`;
  }),
)}
      }
    }
${addParts(sums)}
  }
  let to = chunk * taps * params.outputs + first;
${unroll(rows, (r) =>
  unroll(
    columns,
    (v) => `  if (first_row + ${r}u < taps && first + ${v}u < params.outputs) {
    dw[to + row${r} * params.outputs + ${v}u] = sum${r}_${v};
  }`,
  ),
)}
}
`,
  });
}

/** @param taps ky · kx · C */
export function convolutionKernelGradientGrid(
  { lanes, rows, columns }: KernelGradientVariant,
  chunks: number,
  taps: number,
  outputs: number,
): Grid {
  return workgroupGrid(ceilDivide(chunks * ceilDivide(taps, rows) * ceilDivide(outputs, columns), lanes));
}

/** Rounds of loops of an invocation. @param terms of a chunk @param pictures of the batch */
export function convolutionKernelGradientRounds(terms: number, pictures: number): number {
  const blocks = ceilDivide(terms, BLOCK);
  const pixels = ceilDivide(terms, pictures) + blocks;
  return loopRounds(blocks) + blocks + 2 * pixels + terms;
}

/** Terms that are summed before they join the rest. */
const BLOCK = 64;
