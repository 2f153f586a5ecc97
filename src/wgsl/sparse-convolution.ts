import { PICTURE_PARAMETERS, placeTap, placeWindows, type Window } from './convolution.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from './kernel.ts';
import { type Epilogue, epilogueBindings, epilogueTag, storeResult } from './product-epilogue.ts';

/**
 * Sparse convolution with its epilogue.
 *
 *     y[M, B·Y·X] = epilogue(Σ over taps and channels of A[m, tap, c] · x[c, shifted by tap] + bias[m])
 *
 * The sparse product with a detour: entries of a row lie tap by tap, so where a tap reads, and which pixels it misses at the
 * edges, is worked out once for all entries of the tap; a sum over one tap joins the total only where the tap lies inside.
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
  readonly epilogue: Epilogue;
}

export function sparseConvolutionKernel(variant: SparseConvolutionVariant): Kernel {
  const { window, lanesN, lanesM, columns, epilogue } = variant;
  const { size, stride, padBefore } = window;
  const taps = size * size;
  const name = `sparse convolution ${size}x${size}/${stride} pad ${padBefore}, ${lanesM}x${lanesN} lanes, ${columns} pixels${epilogueTag(epilogue)}`;
  return kernel({
    name,
    parameters: [{ name: 'rows', type: 'u32' }, ...PICTURE_PARAMETERS],
    bindings: [
      // (row, bias as bits), longest row first
      { name: 'rows_of_a', element: 'vec2u', access: 'read' },
      // First entry of every tap, and the end; `taps + 1` a row, in the order of `rows_of_a`
      { name: 'taps_of_a', element: 'u32', access: 'read' },
      // (channel, value as bits)
      { name: 'entries_of_a', element: 'vec2u', access: 'read' },
      { name: 'x', element: 'f32', access: 'read' },
      ...epilogueBindings(epilogue, 'f32'),
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanesN}, ${lanesM})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let slot = (group.y + group.z * 65535u) * ${lanesM}u + lane.y;
  let first = group.x * ${lanesN * columns}u + lane.x;
  if (slot >= params.rows || first >= params.pixels) { return; }
  let row = rows_of_a[slot];
${placeWindows(window, columns, lanesN)}
${unroll(columns, (v) => `  var sum${v} = 0.0;`)}
  var end = taps_of_a[slot * ${taps + 1}u];
  for (var tap = 0u; tap < ${taps}u; tap++) {
    let begin = end;
    end = taps_of_a[slot * ${taps + 1}u + tap + 1u];
    if (begin == end) { continue; }
    let ky = i32(tap / ${size}u);
    let kx = i32(tap % ${size}u);
${placeTap(columns)}
${unroll(columns, (v) => `    var part${v} = 0.0;`)}
    for (var at = begin; at < end; at++) {
      let entry = entries_of_a[at];
      let base = entry.x * params.in_columns;
      let value = bitcast<f32>(entry.y);
${unroll(columns, (v) => `      part${v} = fma(value, x[base + at${v}], part${v});`)}
    }
${unroll(columns, (v) => `    sum${v} += select(0.0, part${v}, inside${v});`)}
  }
  let bias = bitcast<f32>(row.y);
  let to = row.x * params.out_columns;
${unroll(columns, (v) => `  ${storeResult(epilogue, `(sum${v} + bias)`, `to + column${v}`, `column${v}`, 'f32')}`)}
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
