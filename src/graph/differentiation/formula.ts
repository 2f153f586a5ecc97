import { UsageError } from '../../base/errors.ts';
import {
  elementwiseGrid,
  elementwiseKernel,
  elementwiseRounds,
  type Spread,
} from '../../wgsl/training/elementwise.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { reductionLanes } from '../tuning/variants.ts';
import { requireRounds } from './require-rounds.ts';
import { described, type Extents, extents, requireExtents } from './shapes.ts';

/** A function of numbers with its partial derivatives, as WGSL. */
export interface Formula {
  /** Names the kernels and their results. */
  readonly name: string;
  /** What the expressions call the elements of the inputs. */
  readonly inputs: readonly string[];
  /** What the expressions call numbers that are fixed when the operation is recorded. */
  readonly parameters?: readonly string[];
  /**
   * WGSL expression of inputs and parameters; see `wgsl/training/functions.ts` for what it may call beside
   * WGSL's own.
   */
  readonly value: string;
  /** Partial derivative by each input, of inputs, parameters and `value`, the result; inputs left out are constants. */
  readonly derivatives: Readonly<Record<string, string>>;
  /** It costs so little that gradients which need a large result get it computed anew, rather than that it is kept for them. */
  readonly recomputed?: boolean;
}

/**
 * Records a formula over the elements of its inputs. Inputs are repeated along rows and columns of which they
 * have one.
 * @param like a tensor with the shape of the result; the largest input unless given
 * @throws {UsageError} when the shapes do not fit each other.
 */
export function applyFormula(
  graph: Graph,
  formula: Formula,
  inputs: Readonly<Record<string, GraphTensor>>,
  parameters: Readonly<Record<string, number>>,
  like?: GraphTensor,
): TransientTensor {
  const shape = like ?? largest(formula.name, Object.values(inputs));
  const result = graph.tensor(formula.name, shape.shape);
  recordElementwise(graph, { ...formula, expression: formula.value }, inputs, parameters, {
    result,
    extents: extents(shape),
    sum: undefined,
  });
  return result;
}

/**
 * Records the gradient of a formula with respect to one input: `gradient · derivative`, summed over what the
 * input was repeated along. Reads, and so keeps, only what the derivative names.
 * @param value result of the formula
 * @returns the gradient itself where there is nothing to compute
 */
export function applyDerivative(
  graph: Graph,
  formula: Formula,
  { inputs, value }: { readonly inputs: Readonly<Record<string, GraphTensor>>; readonly value: GraphTensor },
  parameters: Readonly<Record<string, number>>,
  by: string,
  gradient: GraphTensor,
): GraphTensor {
  const whole = extents(gradient);
  const part = extents(inputs[by]);
  const derivative = formula.derivatives[by];
  if (derivative === '1.0' && sameShape(inputs[by], gradient)) return gradient;
  const text = {
    ...formula,
    name: `${formula.name} by ${by}`,
    expression: derivative === '1.0' ? 'gradient' : `gradient * (${derivative})`,
  };
  const named = Object.entries({ ...inputs, value }).filter(([name]) =>
    new RegExp(`\\b${name}\\b`).test(derivative),
  );
  const operands = { ...Object.fromEntries(named), gradient };
  const result = graph.tensor(`${inputs[by].name} gradient`, inputs[by].shape);
  const record = (into: TransientTensor, sum: 'columns' | 'rows' | undefined) =>
    recordElementwise(graph, text, operands, parameters, { result: into, extents: whole, sum });
  if (part.columns === whole.columns) {
    record(result, part.rows === whole.rows ? undefined : 'rows');
  } else if (part.rows === whole.rows) {
    record(result, 'columns');
  } else {
    const rows = graph.tensor(`${result.name} of rows`, [whole.rows, 1]);
    record(rows, 'columns');
    sumRows(graph, rows, result);
  }
  return result;
}

/** Records a tensor full of one number. @param like a tensor with its shape */
export function fill(graph: Graph, like: GraphTensor, number: number, name: string): TransientTensor {
  const result = graph.tensor(name, like.shape);
  recordElementwise(
    graph,
    { name: 'fill', parameters: ['number'], expression: 'number' },
    {},
    { number },
    { result, extents: extents(like), sum: undefined },
  );
  return result;
}

/** Records the sums of the columns of a matrix `[M, N]`, over its rows. */
export function sumRows(graph: Graph, matrix: GraphTensor, into: TransientTensor): void {
  sumFormula(graph, IDENTITY, { x: matrix }, {}, 'rows', into);
}

/** Records the sums of the rows of a matrix `[M, N]`, over its columns. */
export function sumColumns(graph: Graph, matrix: GraphTensor, into: TransientTensor): void {
  sumFormula(graph, IDENTITY, { x: matrix }, {}, 'columns', into);
}

/** Records the sums of a formula over the columns of each row, or over the rows of each column. */
export function sumFormula(
  graph: Graph,
  formula: Formula,
  inputs: Readonly<Record<string, GraphTensor>>,
  parameters: Readonly<Record<string, number>>,
  sum: 'columns' | 'rows',
  into: TransientTensor,
): void {
  recordElementwise(graph, { ...formula, expression: formula.value }, inputs, parameters, {
    result: into,
    extents: extents(largest(formula.name, Object.values(inputs))),
    sum,
  });
}

const IDENTITY: Formula = { name: 'sum', inputs: ['x'], value: 'x', derivatives: {} };

function recordElementwise(
  graph: Graph,
  text: { name: string; parameters?: readonly string[]; expression: string },
  inputs: Readonly<Record<string, GraphTensor>>,
  parameters: Readonly<Record<string, number>>,
  to: { result: GraphTensor; extents: Extents; sum: 'columns' | 'rows' | undefined },
): void {
  const { rows, columns } = to.extents;
  const names = Object.keys(inputs);
  const lanes = reductionLanes(graph.gpu, columns);
  requireRounds(graph.gpu, text.name, elementwiseRounds({ sum: to.sum, lanes }, rows, columns));
  graph.dispatch(
    elementwiseKernel({
      name: text.name,
      inputs: names.map((name) => ({ name, spread: spreadOf(text.name, inputs[name], to.extents) })),
      parameters: text.parameters ?? [],
      expression: text.expression,
      sum: to.sum,
      lanes,
    }),
    elementwiseGrid(to.sum, rows, columns),
    { rows, columns, ...prefixed('p_', parameters) },
    { ...prefixed('in_', inputs), result: to.result },
  );
}

function sameShape(one: GraphTensor, other: GraphTensor): boolean {
  return one.shape.length === other.shape.length && one.shape.every((extent, i) => extent === other.shape[i]);
}

function spreadOf(operation: string, tensor: GraphTensor, whole: Extents): Spread {
  const { rows, columns } = requireExtents(operation, tensor, {});
  if (rows === whole.rows && columns === whole.columns) return 'matrix';
  if (rows === whole.rows && columns === 1) return 'column';
  if (rows === 1 && columns === whole.columns) return 'row';
  if (rows === 1 && columns === 1) return 'number';
  throw new UsageError(
    `${operation}: ${described(tensor)} cannot be repeated to [${whole.rows}, ${whole.columns}].`,
  );
}

function largest(operation: string, tensors: readonly GraphTensor[]): GraphTensor {
  const rows = Math.max(...tensors.map((tensor) => extents(tensor).rows));
  const columns = Math.max(...tensors.map((tensor) => extents(tensor).columns));
  const whole = tensors.find((tensor) => {
    const found = extents(tensor);
    return found.rows === rows && found.columns === columns;
  });
  return whole ?? { name: operation, shape: [rows, columns] };
}

function prefixed<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}
