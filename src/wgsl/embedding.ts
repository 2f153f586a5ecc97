import { halfToFloat } from './half-values.ts';
import { type Grid, type Kernel, kernel } from './kernel.ts';
import { WORKGROUP, workgroupGrid } from './linear-grid.ts';

/** Where the ids of the columns come from. */
export type EmbeddingSource =
  /** `ids[column]`; the position is `column % stride`. */
  | 'sentences'
  /** What the last decoding step chose: `ids[(step − 1) · hypotheses + column]`, 0 at step 0; the position is the step. */
  | 'step';

/**
 * Embedding lookup with everything the Transformer adds to it, from a matrix of compressed or of dense rows.
 *
 *     x[d,n] = E[id_n, d] · sqrt(D) · [id_n ≠ 0] + timing[position_n, d]      x [D,N], N contiguous
 *
 * `stride` is the number of columns of a sentence, or of hypotheses; `row_size` the length of a dense row with its padding.
 *
 * A column is padding when its embedded vector is exactly zero: id 0, or a row that is pruned entirely. With `masks` the
 * kernel writes what follows from that: `key_bias` (−1e9 for padding, else 0) and `keep` (0 for padding, else 1).
 */
export interface EmbeddingVariant {
  readonly source: EmbeddingSource;
  /** Rows of E are compressed; else dense, with `row_starts[id + 1] > row_starts[id]` where a row is not all zero. */
  readonly compressed: boolean;
  /** Two column indices in a 32-bit word. */
  readonly packedColumns: boolean;
  /** Values of 16 bits, two in a 32-bit word. */
  readonly halfValues: boolean;
  /** Write the padding masks; only with `sentences`. */
  readonly masks: boolean;
  /** Lanes that share a column. */
  readonly lanes: number;
}

export function embeddingKernel(variant: EmbeddingVariant): Kernel {
  const { source, compressed, packedColumns, halfValues, masks, lanes } = variant;
  const table = (at: string) => (halfValues ? halfToFloat('table', at) : `table[${at}]`);
  const byStep = source === 'step';
  const name = [
    'embedding',
    source,
    compressed ? `compressed${packedColumns ? ' 16-bit' : ''}` : 'dense',
    halfValues ? 'half' : '',
    masks ? 'masks' : '',
    `${lanes} lanes`,
  ]
    .filter((part) => part !== '')
    .join(' ');
  // The lanes of a column scatter into what they wrote together; zeros are padding whose place another lane may hold.
  const scatterRow = /* wgsl */ `
  if (empty) { return; }
  ${lanes > 1 ? 'storageBarrier();' : ''}
  for (var entry = row_starts[id] + lane.x; entry < row_starts[id + 1u]; entry += ${lanes}u) {
    let value = ${table('entry')};
    if (value != 0.0) {
      let feature = ${packedColumns ? '(columns[entry / 2u] >> (16u * (entry & 1u))) & 0xffffu' : 'columns[entry]'};
      x[feature * n + column] += value * params.scale;
    }
  }`;
  return kernel({
    name,
    parameters: [
      { name: 'features', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'stride', type: 'u32' },
      { name: 'row_size', type: 'u32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      ...(byStep ? [{ name: 'control', element: 'u32', access: 'read' } as const] : []),
      { name: 'ids', element: 'u32', access: 'read' },
      { name: 'row_starts', element: 'u32', access: 'read' },
      ...(compressed ? [{ name: 'columns', element: 'u32', access: 'read' } as const] : []),
      { name: 'table', element: halfValues ? 'u32' : 'f32', access: 'read' },
      { name: 'timing', element: 'f32', access: 'read' },
      { name: 'x', element: 'f32', access: 'read_write' },
      ...(masks
        ? ([
            { name: 'key_bias', element: 'f32', access: 'read_write' },
            { name: 'keep', element: 'f32', access: 'read_write' },
          ] as const)
        : []),
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = ${WORKGROUP};
  let n = params.columns;
  if (column >= n) { return; }
  ${
    byStep
      ? `let position = control[0];
  // Columns past the hypotheses are padding.
  var id = 0u;
  if (position > 0u && column < params.stride) { id = ids[(position - 1u) * params.stride + column]; }`
      : `let position = column % params.stride;
  let id = ids[column];`
  }
  let empty = id == 0u || row_starts[id] == row_starts[id + 1u];
  for (var d = lane.x; d < params.features; d += ${lanes}u) {
    var value = timing[position * params.features + d];
${compressed ? '' : `    if (!empty) { value += ${table('id * params.row_size + d')} * params.scale; }`}
    x[d * n + column] = value;
  }
${
  masks
    ? `  if (lane.x == 0u) {
    key_bias[column] = select(0.0, -1e9, empty);
    keep[column] = select(1.0, 0.0, empty);
  }`
    : ''
}
${compressed ? scatterRow : ''}
}
`,
  });
}

/** @param columns N; a workgroup owns a column */
export function embeddingGrid(columns: number): Grid {
  return workgroupGrid(columns);
}
