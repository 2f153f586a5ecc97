import { declareSums, tileSums } from '../block-sums.ts';
import { type DepthTerms, depthWalk } from '../depth-walk.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { WORKGROUP, workgroupGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { WINDOW_FUNCTIONS, WINDOW_PARAMETERS, type Window } from './window.ts';

/**
 * Convolution (cross-correlation, as TensorFlow's) and its gradient with respect to its input.
 *
 *     y[o, (b,i,j)] = Σ_{ky,kx,c} w[ky,kx,c,o] · x[c, (b, i·s + ky − top, j·s + kx − left)]
 *     ∂x[c, (b,p,q)] = Σ_{ky,kx,o} w[ky,kx,c,o] · ∂y[o, (b,i,j)]
 *         over the (i,j) whose window has (p,q) at (ky,kx)
 *
 * x [C, pixels], y [O, pixels], w [ky, kx, C, O] row-major as checkpoints store it; pixels contiguous.
 *
 * Register-tiled: an invocation owns `rows` channels of one pixel of `columns` pictures. So it finds the place that a tap meets once
 * for all of them, and leaves out a tap that meets none. All variants give equal bits.
 */
export interface TrainingConvolutionVariant {
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /** Channels an invocation owns. */
  readonly rows: number;
  /** Pictures an invocation owns a pixel of. */
  readonly columns: number;
  /**
   * What neighbouring invocations own: neighbouring pixels, so that they read side by side, or the same pixel of other pictures, so
   * that they leave out the same taps.
   */
  readonly neighbours: 'pixels' | 'pictures';
}

export function convolutionKernel(variant: TrainingConvolutionVariant): Kernel {
  return tiledConvolution('training convolution', variant, {
    from: 'x',
    to: 'y',
    depth: 'inputs',
    rows: 'outputs',
    weight: (row, k) => `w[(tap * params.inputs + ${k}) * params.outputs + ${row}]`,
    width: 'params.out_width',
    area: 'params.out_height * params.out_width',
    sourceArea: 'params.height * params.width',
    place: `    let source = seen(pixel, ky, kx);
    if (is_padding(source)) { continue; }
    let at = source.x * params.width + source.y;`,
  });
}

/** See `convolutionKernel`. */
export function convolutionInputGradientKernel(variant: TrainingConvolutionVariant): Kernel {
  return tiledConvolution('convolution input gradient', variant, {
    from: 'dy',
    to: 'dx',
    depth: 'outputs',
    rows: 'inputs',
    weight: (row, k) => `w[(tap * params.inputs + ${row}) * params.outputs + ${k}]`,
    width: 'params.width',
    area: 'params.height * params.width',
    sourceArea: 'params.out_height * params.out_width',
    place: `    let source = vec2u(seer(pixel.y, params.top, ky), seer(pixel.z, params.left, kx));
    if ((source.x >= params.out_height) | (source.y >= params.out_width)) { continue; }
    let at = source.x * params.out_width + source.y;`,
  });
}

/** Which way a convolution goes, in WGSL. */
interface Direction {
  /** Tensors that are read and written. */
  readonly from: string;
  readonly to: string;
  /** Parameters: channels that are summed over and computed. */
  readonly depth: 'inputs' | 'outputs';
  readonly rows: 'inputs' | 'outputs';
  /** Expression of the weight of a channel that is computed and one that is summed over, at `tap`. */
  weight(row: string, k: string): string;
  /** Pixels of a line, and of a picture, that is written, and of one that is read. */
  readonly width: string;
  readonly area: string;
  readonly sourceArea: string;
  /** Declares pixel `at` that the tap (`ky`, `kx`) of `pixel` meets, or goes on with the next. */
  readonly place: string;
}

function tiledConvolution(name: string, variant: TrainingConvolutionVariant, direction: Direction): Kernel {
  const { lanes, rows, columns, neighbours } = variant;
  const { from, to, sourceArea } = direction;
  const walk = depthWalk(
    { operands: 'cached', lanesN: lanes, lanesM: 1, lanesK: 1, rows },
    convolutionTerms(variant, direction),
  );
  const counts = { pixels: 'area', pictures: 'groups' };
  const [inner, outer] =
    neighbours === 'pixels' ? (['pixels', 'pictures'] as const) : (['pictures', 'pixels'] as const);
  return kernel({
    name: `${name}, ${lanes} lanes over ${neighbours}, ${rows} rows x ${columns} pictures`,
    parameters: [...WINDOW_PARAMETERS, { name: 'inputs', type: 'u32' }, { name: 'outputs', type: 'u32' }],
    bindings: [
      { name: from, element: 'f32', access: 'read' },
      { name: 'w', element: 'f32', access: 'read' },
      { name: to, element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${WINDOW_FUNCTIONS}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = ${WORKGROUP} * ${lanes}u + lane;
  let area = ${direction.area};
  let groups = (params.pictures + ${columns - 1}u) / ${columns}u;
  let first_row = i / (area * groups) * ${rows}u;
  if (first_row >= params.${direction.rows}) { return; }
  let of_${inner} = i % ${counts[inner]};
  let of_${outer} = i / ${counts[inner]} % ${counts[outer]};
  let pixel = vec3u(0u, of_pixels / ${direction.width}, of_pixels % ${direction.width});
  let first = of_pictures * ${columns}u;
  let source_columns = params.pictures * ${sourceArea};
  // Channels and pictures past the end repeat the last one; they are not stored.
${unroll(rows, (r) => `  let row${r} = min(first_row + ${r}u, params.${direction.rows} - 1u);`)}
${unroll(columns, (v) => `  let picture${v} = min(first + ${v}u, params.pictures - 1u) * ${sourceArea};`)}
${declareSums(tileSums('f32', rows, columns))}
${walk.walk}
  let to = first * area + of_pixels;
${unroll(columns, (v) =>
  unroll(rows, (r) => {
    const guard = [
      r > 0 ? `first_row + ${r}u < params.${direction.rows}` : '',
      v > 0 ? `first + ${v}u < params.pictures` : '',
    ]
      .filter((each) => each !== '')
      .join(' && ');
    const store = `${to}[row${r} * params.pictures * area + to + ${v}u * area] = sum${r}_${v};`;
    return guard === '' ? `  ${store}` : `  if (${guard}) { ${store} }`;
  }),
)}
}
`,
  });
}

/** Units are channels of a tap, which are summed before they join the rest. */
function convolutionTerms(
  { rows, columns }: TrainingConvolutionVariant,
  { from, depth, weight, place }: Direction,
): DepthTerms {
  return {
    sums: tileSums('f32', rows, columns),
    columns,
    steps: 1,
    unit: 'f32',
    open: '',
    ownRow: (r) => `row${r}`,
    anyRow: (row) => row,
    a: (row) => weight(row, 'k'),
    base: (step) => `${step} * source_columns + at`,
    b: (v) => `${from}[base + picture${v}]`,
    blocks: {
      first: '0u',
      end: 'params.kernel_height * params.kernel_width',
      step: 1,
      open: () => `    let tap = block;
    let ky = tap / params.kernel_width;
    let kx = tap % params.kernel_width;
${place}`,
      start: '0u',
      stop: `params.${depth}`,
    },
    gathered: true,
  };
}

/** @param channels that are computed @param area pixels of a picture that is written */
export function convolutionGrid(
  { lanes, rows, columns }: TrainingConvolutionVariant,
  channels: number,
  { pictures, area }: { readonly pictures: number; readonly area: number },
): Grid {
  return workgroupGrid(ceilDivide(ceilDivide(channels, rows) * ceilDivide(pictures, columns) * area, lanes));
}

/** Rounds of loops of an invocation. @param channels that are summed over */
export function convolutionRounds({ kernel_height, kernel_width }: Window, channels: number): number {
  return loopRounds(kernel_height * kernel_width, loopRounds(channels));
}
