import { declareSums, tileSums } from './block-sums.ts';
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
import { type DepthTerms, type DepthWalkVariant, depthWalk, depthWalkMemory } from './depth-walk.ts';
import { halfToFloat } from './half-values.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Dense convolution with its epilogue: for layers that are too dense, and the comparator of the sparse convolution.
 *
 *     y[M, B·Y·X] = epilogue(Σ over taps and channels of A[m, tap, c] · x[c, shifted by tap] + bias[m])
 *
 * Register-tiled like the dense product: an invocation owns `rows` rows of A and `columns` pixels, so that each value of A
 * serves `columns` products and each of x `rows`. Pixels that a tap misses at the edges count as 0. How the lanes get at the
 * values is the walk's part.
 */
export interface DenseConvolutionVariant extends DepthWalkVariant {
  readonly window: Window;
  /** Pixels an invocation owns. */
  readonly columns: number;
  /**
   * Channels of a tap that are summed before they join the rest; undefined where all terms join one by one, which only cached
   * operands allow.
   */
  readonly block: number | undefined;
  readonly deal: Deal;
  /** Values of A have 16 bits, two in a 32-bit word. */
  readonly halfValues: boolean;
  readonly epilogue: Epilogue;
}

export function denseConvolutionKernel(variant: DenseConvolutionVariant): Kernel {
  const { operands, window, lanesN, lanesM, lanesK, rows, columns, deal, halfValues, epilogue } = variant;
  const { first, apart } = dealPixels(deal, lanesN, columns);
  const { declarations, inputs, walk } = depthWalk(variant, convolutionTerms(variant));
  const outside = 'first_row >= params.rows || first >= params.pixels';
  // Where the workgroup walks together, lanes beyond the rows or pixels have to stay.
  const alone = operands === 'cached';
  return kernel({
    name: [
      `dense convolution ${windowTag(window)}, ${lanesM}x${lanesN}${lanesK > 1 ? `x${lanesK}` : ''} lanes, `,
      `${rows} rows x ${columns} pixels in ${deal === 'runs' ? 'runs' : 'turn'}, ${operands}`,
      halfValues ? ', half' : '',
      epilogueTag(epilogue),
    ].join(''),
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
    body: /* wgsl */ `${declarations}
@compute @workgroup_size(${lanesN}, ${lanesM}, ${lanesK})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u${inputs}) {
  let first_row = (group.y * ${lanesM}u + lane.y) * ${rows}u;
  let first = ${first};
${alone ? `  if (${outside}) { return; }` : ''}
${unroll(rows, (r) => `  let row${r} = min(first_row + ${r}u, params.rows - 1u);`)}
${placeWindows(window, columns, apart)}
${declareSums(tileSums('f32', rows, columns))}
${walk}
${alone ? '' : `  if (${outside}${lanesK > 1 ? ' || lane.z > 0u' : ''}) { return; }`}
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

/** Bytes of workgroup memory. */
export function denseConvolutionMemory(
  variant: Omit<DenseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>,
): number {
  const window = { size: 1, stride: 1, padBefore: 0 };
  return depthWalkMemory(variant, convolutionTerms({ ...variant, window, halfValues: false }));
}

export function denseConvolutionGrid(
  { lanesN, lanesM, rows, columns }: Pick<DenseConvolutionVariant, 'lanesN' | 'lanesM' | 'rows' | 'columns'>,
  filters: number,
  pixels: number,
): Grid {
  return [ceilDivide(pixels, lanesN * columns), ceilDivide(filters, lanesM * rows), 1];
}

/** Units are channels of a tap. */
function convolutionTerms(variant: Omit<DenseConvolutionVariant, 'epilogue'>): DepthTerms {
  const { window, rows, columns, block, halfValues } = variant;
  const taps = window.size ** 2;
  return {
    sums: tileSums('f32', rows, columns),
    columns,
    steps: 1,
    unit: 'f32',
    open: '      let depth = tap * params.channels + k;',
    ownRow: (r) => `row${r} * params.row_size`,
    anyRow: (row) => `${row} * params.row_size`,
    a: (row) => (halfValues ? halfToFloat('a', `${row} + depth`) : `a[${row} + depth]`),
    base: (step) => `${step} * params.in_columns`,
    b: (v) => `select(0.0, x[base + at${v}], inside${v})`,
    blocks:
      block === undefined
        ? {
            first: '0u',
            end: `${taps}u`,
            step: 1,
            open: () => `    let tap = block;
${placeTap(window, 'tap', columns)}`,
            start: '0u',
            stop: 'params.channels',
          }
        : {
            first: '0u',
            end: `${taps}u * ((params.channels + ${block - 1}u) / ${block}u)`,
            step: 1,
            // Blocks past the end lie in a tap that is not there: they get no channels.
            open: (beyond) => `    let blocks_of_tap = (params.channels + ${block - 1}u) / ${block}u;
    let tap = block / blocks_of_tap;
    let first_channel = block % blocks_of_tap * ${block}u;
    let channels = ${beyond ? `select(0u, params.channels, tap < ${taps}u)` : 'params.channels'};
${placeTap(window, 'tap', columns)}`,
            start: 'first_channel',
            stop: `min(first_channel + ${block}u, channels)`,
          },
    gathered: block !== undefined,
  };
}
