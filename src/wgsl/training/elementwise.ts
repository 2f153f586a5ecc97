import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid, WORKGROUP, workgroupGrid } from '../linear-grid.ts';
import { blockSum, sharedSum, sumMemory, sumRounds } from './block-sum.ts';
import { functionsFor } from './functions.ts';

/**
 * A formula over the elements of matrices, and sums of one along rows or columns.
 *
 *     result[m,n] = f(a[m,n], b[m,n], …)      or its sum over n, or over m      all row-major, N contiguous
 *
 * An input with one row, one column or both is repeated to the shape [M, N].
 */
export interface ElementwiseVariant {
  /** Names the kernel. */
  readonly name: string;
  /** Names the expression knows the elements by, and how each input is spread over [M, N]. */
  readonly inputs: readonly { readonly name: string; readonly spread: Spread }[];
  /** Numbers given at dispatch, by the names the expression knows them by. */
  readonly parameters: readonly string[];
  /** WGSL expression; it may call the functions of `functionsFor`. */
  readonly expression: string;
  /** Sum over the columns of each row, over the rows of each column, or nothing. */
  readonly sum: 'columns' | 'rows' | undefined;
  /** Lanes that share a row of which the columns are summed: a power of two. */
  readonly lanes: number;
}

/** `matrix` [M, N]; `column` [M, 1], its elements repeated along the rows; `row` [1, N]; `number` [1, 1]. */
export type Spread = 'matrix' | 'column' | 'row' | 'number';

export function elementwiseKernel(variant: ElementwiseVariant): Kernel {
  const { name, inputs, parameters, expression, sum, lanes } = variant;
  const spreads = inputs.map(({ spread }) => spread).join(', ');
  return kernel({
    name: `${name} (${spreads})${sum ? `, sum over ${sum}` : ''}`,
    parameters: [
      { name: 'rows', type: 'u32' },
      { name: 'columns', type: 'u32' },
      ...parameters.map((parameter) => ({ name: `p_${parameter}`, type: 'f32' }) as const),
    ],
    bindings: [
      ...inputs.map((input) => ({ name: `in_${input.name}`, element: 'f32', access: 'read' }) as const),
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${functionsFor(expression)}
fn element(m: u32, n: u32) -> f32 {
${inputs.map((input) => `  let ${input.name} = in_${input.name}[${INDEX[input.spread]}];`).join('\n')}
${parameters.map((parameter) => `  let ${parameter} = params.p_${parameter};`).join('\n')}
  return ${expression};
}
${ENTRY[sum ?? 'none'](lanes)}`,
  });
}

const INDEX: Readonly<Record<Spread, string>> = {
  matrix: 'm * params.columns + n',
  column: 'm',
  row: 'n',
  number: '0',
};

const ENTRY: Readonly<Record<'none' | 'rows' | 'columns', (lanes: number) => string>> = {
  none: () =>
    eachElement(
      'params.rows * params.columns',
      '  result[i] = element(i / params.columns, i % params.columns);',
    ),
  rows: () =>
    eachElement(
      'params.columns',
      `${blockSum('total', 'params.rows', 'element(j, i)')}\n  result[i] = total;`,
    ),
  columns: (lanes) => /* wgsl */ `
${sumMemory(lanes)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = ${WORKGROUP};
  if (m >= params.rows) { return; }
${sharedSum(lanes, 'total', 'params.columns', 'element(m, j)')}
  if (lane == 0u) { result[m] = total; }
}
`,
};

export function elementwiseGrid(sum: ElementwiseVariant['sum'], rows: number, columns: number): Grid {
  if (sum === undefined) return linearGrid(rows * columns);
  if (sum === 'rows') return linearGrid(columns);
  return workgroupGrid(rows);
}

/** Rounds of loops of an invocation. */
export function elementwiseRounds(
  { sum, lanes }: Pick<ElementwiseVariant, 'sum' | 'lanes'>,
  rows: number,
  columns: number,
): number {
  if (sum === undefined) return 0;
  return sum === 'rows' ? sumRounds(rows) : sumRounds(columns, lanes);
}
