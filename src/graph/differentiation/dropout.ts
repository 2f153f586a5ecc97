import { checkNumber } from '../../base/check-arguments.ts';
import type { GraphTensor } from '../plan/node.ts';
import { elementwise } from './elementwise.ts';
import type { Formula } from './formula.ts';
import type { Tape } from './tape.ts';

/** What dropout takes away. */
export interface Dropped {
  /** Share of elements that become 0, in [0, 1). */
  readonly rate: number;
  /** Uniform numbers in [0, 1), one an element, or one a row or a column that drops as a whole. */
  readonly draws: GraphTensor;
}

/**
 * `x / (1 − rate)` where the draw is at least the rate, else 0 (Srivastava et al. 2014, scaled as TensorFlow's
 * `tf.nn.dropout`); its expectation is x.
 * @throws {UsageError} for a rate outside [0, 1), and draws that do not fit.
 */
export function dropout(tape: Tape, x: GraphTensor, { rate, draws }: Dropped): GraphTensor {
  return elementwise(tape, droppedFormula(rate), { x, u: draws });
}

/** The formula of {@link dropout}, of `x` and the draw `u`. */
export function droppedFormula(rate: number): Formula {
  checkNumber('dropout rate', rate, (share) => share >= 0 && share < 1, 'a number in [0, 1)');
  const [bound, factor] = [rate, 1 / (1 - rate)].map(literal);
  return {
    name: `dropout ${rate}`,
    inputs: ['x', 'u'],
    value: `select(0.0, x * ${factor}, u >= ${bound})`,
    derivatives: { x: `select(0.0, ${factor}, u >= ${bound})` },
  };
}

/** A float32 in WGSL: the shortest decimal that names it. */
function literal(value: number): string {
  return `${Math.fround(value).toExponential()}f`;
}
