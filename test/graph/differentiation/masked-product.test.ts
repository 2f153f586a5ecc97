import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceTensor, Scope } from '../../../src/graph/device/scope.ts';
import { square } from '../../../src/graph/differentiation/elementwise.ts';
import { maskedProduct } from '../../../src/graph/differentiation/masked-product.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { applyGradients, Nesterov } from '../../../src/graph/optimisers/index.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { type MaskedWeight, uploadMaskedWeight } from '../../../src/graph/weights/masked-weight.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform } from '../../support/gradients.ts';
import { patternCase, patternOf, storedPlaces } from '../../support/patterns.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom } from '../../support/random.ts';

/** The weight with its values in another tensor. */
function withValues(weight: MaskedWeight, values: DeviceTensor): MaskedWeight {
  return { ...weight, values, matrix: { ...weight.matrix, values } };
}

test('sparse products of a fixed pattern have the gradients of their values and of what they multiply', async () => {
  const some = patternCase.filter(({ rows, cols, matrix }) => matrix.nnz > 0 && rows * cols <= 300);
  await holds(
    fc.asyncProperty(
      some,
      fc.integer({ min: 1, max: 3 }),
      async ({ rows, cols, matrix, random }, columns4) => {
        const columns = 4 * columns4;
        const places = storedPlaces(matrix);
        const values = uniform(random, [places.length]);
        await checkGradients(await testGpu(), {
          operands: {
            values: { ...values, data: values.data.map((value, i) => (places[i] < 0 ? 0 : value)) },
            x: uniform(random, [cols, columns]),
          },
          record: (tape, { values, x }, scope) => {
            assert.ok(values instanceof DeviceTensor);
            return maskedProduct(tape, withValues(uploadMaskedWeight(scope, 'a', matrix), values), x);
          },
          reference: ({ values, x }) => {
            const y = new Float64Array(rows * columns);
            for (const [i, place] of places.entries()) {
              if (place < 0) continue;
              const [row, col] = [Math.floor(place / cols), place % cols];
              for (let n = 0; n < columns; n++) y[row * columns + n] += values[i] * x[col * columns + n];
            }
            return y;
          },
        });
      },
    ),
    15,
  );
});

test('steps of training bring the loss down, and nothing to the zeros of the pattern', async () => {
  const gpu = await testGpu();
  const random = randomFrom(7);
  const [rows, cols, columns] = [13, 21, 32];
  const mask = Array.from({ length: rows * cols }, () => random() < 0.2);
  const initial = floats(random, rows * cols, 1);
  const { matrix } = patternOf(rows, cols, mask, (place) => initial[place]);
  using scope = new Scope(gpu);
  const weight = uploadMaskedWeight(scope, 'a', matrix);
  const graph = new Graph(gpu, 'masked training');
  const tape = new Tape(graph);
  const x = scope.upload('x', [cols, columns], floats(random, cols * columns, 0));
  const loss = sum(tape, square(tape, maskedProduct(tape, weight, x)));
  const optimiser = new Nesterov(scope);
  applyGradients(graph, optimiser, [weight.values], tape.gradients(loss, [weight.values]));
  using plan = await graph.plan();
  const losses: number[] = [];
  for (let step = 0; step < 20; step++) {
    optimiser.prepare(1e-4);
    plan.run();
    losses.push((await plan.read(loss))[0]);
  }
  assert.ok(losses.at(-1)! < 0.5 * losses[0], losses.join(' '));
  const values = await plan.read(weight.values);
  for (const [i, place] of storedPlaces(matrix).entries()) {
    if (place < 0) assert.equal(values[i], 0);
    else assert.notEqual(values[i], matrix.values[i]);
  }
});
