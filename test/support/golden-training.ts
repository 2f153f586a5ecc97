import assert from 'node:assert/strict';
import type { DeviceTensor } from '../../src/graph/device/scope.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import type { TrainingGraph } from '../../src/models/training/loss.ts';
import { asFloats } from './compute.ts';

/** Tensors of a training graph by the names the goldens use. */
export function namedTensors({
  logits,
  loss,
  parts,
  parameters,
  gradients,
}: TrainingGraph): Record<string, GraphTensor> {
  const named = Object.fromEntries(parameters.map(({ name }, i) => [`grad/${name}`, gradients[i]]));
  return { logits, loss, ...parts, ...named };
}

/** `‖actual − expected‖ / ‖expected‖`, in float64; of nothing but zeros, the norm of the difference. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(size === 0 ? error : error / size);
}

/** Compares the gradient of every trained variable with its golden, and that there is one for each. */
export function checkGoldenGradients(
  results: Readonly<Record<string, Uint32Array>>,
  parameters: readonly DeviceTensor[],
  golden: ReadonlyMap<string, { data: unknown }>,
  tolerance: (name: string) => number,
): void {
  const expected = [...golden.keys()].filter((name) => name.startsWith('grad/'));
  assert.deepEqual(parameters.map(({ name }) => `grad/${name}`).sort(), expected.sort());
  for (const name of expected) {
    const error = relativeError(asFloats(results[name]), golden.get(name)?.data as Float32Array);
    if (!(error <= tolerance(name))) assert.fail(`${name}: relative error ${error}`);
  }
}

/** A scalar within a relative tolerance. */
export function checkScalar(words: Uint32Array, expected: number, tolerance: number, what: string): void {
  const actual = asFloats(words)[0];
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.abs(expected),
    `${what}: ${actual}, expected ${expected}`,
  );
}

/** `[rows, columns]` to `[columns, rows]` */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)],
  );
}
