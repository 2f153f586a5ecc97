import assert from 'node:assert/strict';
import type { Gpu } from '../../src/graph/device/gpu.ts';
import { elements, type Scope } from '../../src/graph/device/scope.ts';
import { multiply } from '../../src/graph/differentiation/elementwise.ts';
import { sum } from '../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../src/graph/differentiation/tape.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { asFloats, compute } from './compute.ts';
import { type Random, randomFrom } from './random.ts';

/** Values of a tensor. */
export interface Operand {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Float64 values by the names of the operands. */
export type Values = Readonly<Record<string, Float64Array>>;

/** An operation to be differentiated, and what it is in float64. */
export interface Differentiable {
  readonly operands: Readonly<Record<string, Operand>>;
  /** Operands that are differentiated; all unless given. */
  readonly by?: readonly string[];
  record(tape: Tape, operands: Readonly<Record<string, GraphTensor>>, scope: Scope): GraphTensor;
  /** The same, straight from its formula. */
  reference(values: Values): ArrayLike<number>;
  /** Allowed error, as a share of the largest element; 2e-5 unless given. */
  readonly tolerance?: number;
  /**
   * Half the width of a central difference. Piecewise functions need operands at least as far from their
   * kinks.
   */
  readonly step?: number;
}

/** Operands with values in `[low, high)`. */
export function uniform(random: Random, shape: readonly number[], low = -1, high = 1): Operand {
  const data = new Float32Array(elements({ shape }));
  return { shape, data: data.map(() => low + (high - low) * random()) };
}

/**
 * Values a distance apart from each other and from 0, in random order: what chooses among them chooses the
 * same after a small step of one.
 */
export function separated(random: Random, shape: readonly number[], distance = 0.05): Operand {
  const count = elements({ shape });
  const values = Array.from({ length: count }, (_, i) => (i - Math.floor(count / 2) + 0.5) * distance);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return { shape, data: Float32Array.from(values) };
}

/**
 * Runs an operation and the gradients of `Σ c · operation`, c random, on the device; compares the value with
 * the reference and every gradient with central differences of the reference, both in float64.
 */
export async function checkGradients(gpu: Gpu, operation: Differentiable): Promise<void> {
  const { operands, by = Object.keys(operands), tolerance = 2e-5, step = 1e-4 } = operation;
  const exact = Object.fromEntries(
    Object.entries(operands).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const expected = Float64Array.from(operation.reference(exact));
  const random = randomFrom(expected.length);
  const weights = Float32Array.from(expected, () => 2 * random() - 1);
  const results = await compute(gpu, (graph, scope) => {
    const tape = new Tape(graph);
    const tensors = Object.fromEntries(
      Object.entries(operands).map(([name, { shape, data }]) => [name, scope.upload(name, shape, data)]),
    );
    const value = operation.record(tape, tensors, scope);
    const loss = sum(tape, multiply(tape, value, scope.upload('c', value.shape, weights)));
    const gradients = tape.gradients(
      loss,
      by.map((name) => tensors[name]),
    );
    return { value, ...Object.fromEntries(by.map((name, i) => [`by ${name}`, gradients[i]])) };
  });
  assertClose(asFloats(results.value), expected, tolerance, 'value');
  for (const name of by) {
    const gradient = asFloats((results as Record<string, Uint32Array>)[`by ${name}`]);
    const differences = exact[name].map((_, i) => {
      const at = (offset: number) => {
        const moved = exact[name].slice();
        moved[i] += offset;
        const value = operation.reference({ ...exact, [name]: moved });
        return weights.reduce((total, weight, k) => total + weight * value[k], 0);
      };
      return (at(step) - at(-step)) / (2 * step);
    });
    assertClose(gradient, differences, tolerance, `gradient by ${name}`);
  }
}

/** Errors are a share of the largest expected element, or of 1e-3 where all are smaller. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  // Buffers come in whole vec4.
  assert.ok(actual.length >= expected.length, `${what}: ${actual.length} values of ${expected.length}`);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN fails.
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance * largest)) {
      assert.fail(`${what}[${i}] = ${actual[i]}, expected ${expected[i]} (largest ${largest})`);
    }
  }
}
