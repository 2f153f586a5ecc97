import {
  type Deal,
  dealPixels,
  PICTURE_PARAMETERS,
  placeTap,
  placeWindows,
  storeOnce,
  type Window,
  windowTag,
} from './convolution.ts';
import { halfToFloat } from './half-values.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Dense convolution with its epilogue: for layers that are too dense, and the comparator of the sparse convolution.
 *
 *     y[M, B·Y·X] = epilogue(Σ over taps and channels of A[m, tap, c] · x[c, shifted by tap] + bias[m])
 *
 * Register-tiled like the dense product: an invocation owns `rows` rows of A and `columns` pixels, so that each value of A
 * serves `columns` products and each of x `rows`. Pixels that a tap misses at the edges count as 0.
 */
export interface DenseConvolutionVariant {
  readonly window: Window;
  /** Lanes of a workgroup along the pixels. */
  readonly lanesN: number;
  /** Lanes of a workgroup along the rows of A. */
  readonly lanesM: number;
  /** Rows an invocation owns. */
  readonly rows: number;
  /** Pixels an invocation owns. */
  readonly columns: number;
  readonly deal: Deal;
  /** Values of A have 16 bits, two in a 32-bit word. */
  readonly halfValues: boolean;
  readonly epilogue: Epilogue;
}

export function denseConvolutionKernel(variant: DenseConvolutionVariant): Kernel {
  const { window, lanesN, lanesM, rows, columns, deal, halfValues, epilogue } = variant;
  const a = (at: string) => (halfValues ? halfToFloat('a', at) : `a[${at}]`);
  const { first, apart } = dealPixels(deal, lanesN, columns);
  const name = `dense convolution ${windowTag(window)}, ${lanesM}x${lanesN} lanes, ${rows} rows x ${columns} pixels in ${deal === 'runs' ? 'runs' : 'turn'}${halfValues ? ', half' : ''}${epilogueTag(epilogue)}`;
  return kernel({
    name,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'channels', type: 'u32' },
      // Of a row of A, in elements
      { name: 'row_size', type: 'u32' },
      ...PICTURE_PARAMETERS,
    ],
    bindings: [
      { name: 'a', element: halfValues ? 'u32' : 'f32', access: 'read' },
      { name: 'bias', element: 'f32', access: 'read' },
      { name: 'x', element: 'f32', access: 'read' },
      ...epilogueBindings(epilogue, 'f32'),
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanesN}, ${lanesM})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let first_row = (group.y * ${lanesM}u + lane.y) * ${rows}u;
  let first = ${first};
  if (first_row >= params.rows || first >= params.pixels) { return; }
${unroll(rows, (r) => `  let row${r} = min(first_row + ${r}u, params.rows - 1u);`)}
${placeWindows(window, columns, apart)}
${unroll(rows, (r) => unroll(columns, (v) => `  var sum${r}_${v} = 0.0;`))}
  for (var tap = 0u; tap < ${window.size ** 2}u; tap++) {
${placeTap(window, 'tap', columns)}
    for (var channel = 0u; channel < params.channels; channel++) {
      let depth = tap * params.channels + channel;
      let base = channel * params.in_columns;
${unroll(rows, (r) => `      let a${r} = ${a(`row${r} * params.row_size + depth`)};`)}
${unroll(columns, (v) => `      let value${v} = select(0.0, x[base + at${v}], inside${v});`)}
${unroll(rows, (r) => unroll(columns, (v) => `      sum${r}_${v} = fma(a${r}, value${v}, sum${r}_${v});`))}
    }
  }
${unroll(rows, (r) =>
  unroll(columns, (v) => {
    const at = `row${r} * params.out_columns + column${v}`;
    const store = storeResult(epilogue, `(sum${r}_${v} + bias[row${r}])`, at, `column${v}`, 'f32');
    return `  ${storeOnce(v, apart, store)}`;
  }),
)}
}
`,
  });
}

export function denseConvolutionGrid(
  { lanesN, lanesM, rows, columns }: Pick<DenseConvolutionVariant, 'lanesN' | 'lanesM' | 'rows' | 'columns'>,
  filters: number,
  pixels: number,
): Grid {
  return [ceilDivide(pixels, lanesN * columns), ceilDivide(filters, lanesM * rows), 1];
}
