import { type BlockSums, declareSums, opaqueZero } from './block-sums.ts';
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
import { type RowTerms, type RowWalkVariant, rowWalk, rowWalkMemory } from './row-walk.ts';

/**
 * Sparse convolution with its epilogue.
 *
 *     y[M, B·Y·X] = epilogue(Σ over taps and channels of A[m, tap, c] · x[c, shifted by tap] + bias[m])
 *
 * The sparse product with a detour: entries of a row lie tap by tap, so where a tap reads, and which pixels it misses at the
 * edges, is worked out once for a segment of entries that share it; a sum over one segment joins the total only where the tap
 * lies inside. Taps of which a row has no entry cost nothing.
 * An invocation owns one row of A and `columns` pixels. Rows come sorted by length, as in the sparse product. How the lanes get
 * at the entries is the walk's part, whose blocks are the segments.
 */
export interface SparseConvolutionVariant extends RowWalkVariant {
  readonly window: Window;
  /** Pixels an invocation owns. */
  readonly columns: number;
  readonly deal: Deal;
  /** Values of A have 16 bits, and share a word with their channel. */
  readonly halfValues: boolean;
  readonly epilogue: Epilogue;
}

export function sparseConvolutionKernel(variant: SparseConvolutionVariant): Kernel {
  const { entries, unrolled, window, lanesN, lanesM, lanesK, columns, deal, halfValues, epilogue } = variant;
  const { first, apart } = dealPixels(deal, lanesN, columns);
  const { declarations, inputs, walk } = rowWalk(variant, convolutionTerms(variant));
  // Lanes beyond the rows or pixels have to stay where the workgroup walks together.
  const alone = entries === 'cached';
  return kernel({
    name: [
      `sparse convolution ${windowTag(window)}, ${lanesM}x${lanesN}${lanesK > 1 ? `x${lanesK}` : ''} lanes, `,
      `${columns} pixels in ${deal === 'runs' ? 'runs' : 'turn'}, ${entries}${unrolled ? ' unrolled' : ''}`,
      halfValues ? ', half' : '',
      epilogueTag(epilogue),
    ].join(''),
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
    body: /* wgsl */ `${declarations}
@compute @workgroup_size(${lanesN}, ${lanesM}, ${lanesK})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u${inputs}) {
  let bundle = (group.y + group.z * 65535u) * ${lanesM}u;
  let slot = bundle + lane.y;
  let first = ${first};
${
  alone
    ? `  if (slot >= params.rows || first >= params.pixels) { return; }
  let row = rows_of_a[slot];`
    : `  if (bundle >= params.rows) { return; }
${longestRow(variant)}
  var row = rows_of_a[min(slot, params.rows - 1u)];
  if (slot >= params.rows) { row.w = row.z; }
  let first_entry = segments_of_a[row.z].y;
  let entry_count = segments_of_a[row.w].y - first_entry;`
}
${placeWindows(window, columns, apart)}
${declareSums(convolutionSums(variant))}
${walk}
${alone ? '' : `  if (slot >= params.rows || first >= params.pixels${lanesK > 1 ? ' || lane.z > 0u' : ''}) { return; }`}
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

/** Bytes of workgroup memory. */
export function sparseConvolutionMemory(
  variant: Omit<SparseConvolutionVariant, 'window' | 'halfValues' | 'epilogue'>,
): number {
  const window = { size: 1, stride: 1, padBefore: 0 };
  return rowWalkMemory(variant, convolutionTerms({ ...variant, window, halfValues: false }));
}

export function sparseConvolutionGrid(
  { lanesN, lanesM, columns }: Pick<SparseConvolutionVariant, 'lanesN' | 'lanesM' | 'columns'>,
  rows: number,
  pixels: number,
): Grid {
  const bundles = ceilDivide(rows, lanesM);
  return [ceilDivide(pixels, lanesN * columns), Math.min(bundles, 65_535), ceilDivide(bundles, 65_535)];
}

/**
 * WGSL: the most segments, or entries, that a row of the workgroup has. Rows are sorted by what is stored of them, which
 * may hold zeros that no segment has, and a longer row may have fewer segments.
 */
function longestRow({ entries, lanesM }: SparseConvolutionVariant): string {
  const length =
    entries === 'split' ? 'other.w - other.z' : 'segments_of_a[other.w].y - segments_of_a[other.z].y';
  return `  var longest = 0u;
${unroll(
  lanesM,
  (m) => `  {
    let other = rows_of_a[min(bundle + ${m}u, params.rows - 1u)];
    longest = max(longest, ${length});
  }`,
)}`;
}

/** Entries are single terms: where the pixels of a channel begin, and the value. */
function convolutionTerms(variant: Omit<SparseConvolutionVariant, 'epilogue'>): RowTerms {
  const { lanesN, columns, window, halfValues } = variant;
  return {
    sums: convolutionSums(variant),
    fields: [
      { name: 'base', type: 'u32' },
      { name: 'value', type: 'f32' },
    ],
    read: (at) => `let stored = entries_of_a[${at}];
      let base = ${halfValues ? '(stored & 0xffffu)' : 'stored.x'} * params.in_columns;
      let value = ${halfValues ? 'unpack2x16float(stored).y' : 'bitcast<f32>(stored.y)'};`,
    multiply: unroll(columns, (v) => `      part${v} = fma(value, x[base + at${v}], part${v});`),
    firstEntry: 'first_entry',
    entryCount: 'entry_count',
    blocks: {
      first: 'row.z',
      end: 'row.w',
      step: 1,
      open(beyond) {
        // Behind the last segment of a row another begins, or stands what ends them all.
        const segment = (at: string) => `segments_of_a[${beyond ? `min(${at}, row.w)` : at}]`;
        return `    let segment = ${segment('block')};
    let segment_stop = ${segment('block + 1u')}.y;
${placeTap(window, 'segment.x', columns)}`;
      },
      start: 'segment.y',
      stop: 'segment_stop',
      length: undefined,
    },
    chunk: ceilDivide(LEAST_CHUNK, lanesN) * lanesN,
  };
}

/** Entries of a row that are staged at once, at least: few, and lanes wait for each other more than they add. */
const LEAST_CHUNK = 32;

function convolutionSums({
  columns,
  unrolled,
}: Pick<SparseConvolutionVariant, 'columns' | 'unrolled'>): BlockSums {
  return {
    type: 'f32',
    zero: unrolled ? opaqueZero('f32', 'params.in_columns') : '0.0',
    each: Array.from({ length: columns }, (_, v) => ({
      sum: `sum${v}`,
      part: `part${v}`,
      share: `select(0.0, part${v}, inside${v})`,
    })),
  };
}
