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
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Sparse convolution with its epilogue.
 *
 *     y[M, B·Y·X] = epilogue(Σ over taps and channels of A[m, tap, c] · x[c, shifted by tap] + bias[m])
 *
 * The sparse product with a detour: entries of a row lie tap by tap, so where a tap reads, and which pixels it misses at the
 * edges, is worked out once for all entries of the tap; a sum over one tap joins the total only where the tap lies inside.
 * Taps of which a row has no entry cost nothing.
 * An invocation owns one row of A and `columns` pixels. Rows come sorted by length, as in the sparse product.
 */
export interface SparseConvolutionVariant {
  readonly window: Window;
  /** Lanes of a workgroup along the pixels. */
  readonly lanesN: number;
  /** Rows of A in a workgroup. */
  readonly lanesM: number;
  /** Pixels an invocation owns. */
  readonly columns: number;
  readonly deal: Deal;
  /** Values of A have 16 bits, and share a word with their channel. */
  readonly halfValues: boolean;
  readonly epilogue: Epilogue;
}

export function sparseConvolutionKernel(variant: SparseConvolutionVariant): Kernel {
  const { window, lanesN, lanesM, columns, deal, halfValues, epilogue } = variant;
  const { first, apart } = dealPixels(deal, lanesN, columns);
  const name = `sparse convolution ${windowTag(window)}, ${lanesM}x${lanesN} lanes, ${columns} pixels in ${deal === 'runs' ? 'runs' : 'turn'}${halfValues ? ', half' : ''}${epilogueTag(epilogue)}`;
  return kernel({
    name,
    parameters: [{ name: 'rows', type: 'u32' }, ...PICTURE_PARAMETERS],
    bindings: [
      // (row, bias as bits, first segment, end of its segments), longest row first
      { name: 'rows_of_a', element: 'vec4u', access: 'read' },
      // Entries of a row that share a tap: (tap, first entry), row after row; the entries end where the next segment begins
      { name: 'segments_of_a', element: 'vec2u', access: 'read' },
      // (channel, value as bits), or channel + 65,536 · half
      { name: 'entries_of_a', element: halfValues ? 'u32' : 'vec2u', access: 'read' },
      { name: 'x', element: 'f32', access: 'read' },
      ...epilogueBindings(epilogue, 'f32'),
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanesN}, ${lanesM})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let slot = (group.y + group.z * 65535u) * ${lanesM}u + lane.y;
  let first = ${first};
  if (slot >= params.rows || first >= params.pixels) { return; }
  let row = rows_of_a[slot];
${placeWindows(window, columns, apart)}
${unroll(columns, (v) => `  var sum${v} = 0.0;`)}
  for (var at = row.z; at < row.w; at++) {
    let segment = segments_of_a[at];
    let end = segments_of_a[at + 1u].y;
${placeTap(window, 'segment.x', columns)}
${unroll(columns, (v) => `    var part${v} = 0.0;`)}
    for (var i = segment.y; i < end; i++) {
      let entry = entries_of_a[i];
      let base = ${halfValues ? '(entry & 0xffffu)' : 'entry.x'} * params.in_columns;
      let value = ${halfValues ? 'unpack2x16float(entry).y' : 'bitcast<f32>(entry.y)'};
${unroll(columns, (v) => `      part${v} = fma(value, x[base + at${v}], part${v});`)}
    }
${unroll(columns, (v) => `    sum${v} += select(0.0, part${v}, inside${v});`)}
  }
  let bias = bitcast<f32>(row.y);
  let to = row.x * params.out_columns;
${unroll(columns, (v) => {
  const store = storeResult(epilogue, `(sum${v} + bias)`, `to + column${v}`, `column${v}`, 'f32');
  return `  ${storeOnce(v, apart, store)}`;
})}
}
`,
  });
}

export function sparseConvolutionGrid(
  { lanesN, lanesM, columns }: Pick<SparseConvolutionVariant, 'lanesN' | 'lanesM' | 'columns'>,
  rows: number,
  pixels: number,
): Grid {
  const bundles = ceilDivide(rows, lanesM);
  return [ceilDivide(pixels, lanesN * columns), Math.min(bundles, 65_535), ceilDivide(bundles, 65_535)];
}
