import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add, multiply, square, tanh } from '../../../src/graph/differentiation/elementwise.ts';
import { product } from '../../../src/graph/differentiation/product.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { testGpu } from '../../support/gpu.ts';
import { checkGradients, uniform } from '../../support/gradients.ts';
import { holds } from '../../support/property.ts';
import { randomFrom } from '../../support/random.ts';

test('a tensor that is used several times gets the sum of the gradients', async () => {
  await holds(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.nat(), async (size, seed) => {
      await checkGradients(await testGpu(), {
        operands: { x: uniform(randomFrom(seed), [size, size]) },
        // x · x + tanh(x)² ⊙ x, with x in five places.
        record: (tape, { x }) =>
          add(tape, product(tape, x, x), multiply(tape, square(tape, tanh(tape, x)), x)),
        reference: ({ x }) =>
          x.map((value, i) => {
            const [row, column] = [Math.floor(i / size), i % size];
            let dot = 0;
            for (let k = 0; k < size; k++) dot += x[row * size + k] * x[k * size + column];
            return dot + Math.tanh(value) ** 2 * value;
          }),
      });
    }),
    10,
  );
});

test('what the loss does not depend on has gradient 0, and nothing is computed for it', async () => {
  const results = await compute(await testGpu(), (graph, scope) => {
    const tape = new Tape(graph);
    const x = scope.upload('x', [1, 2], Float32Array.of(3, 4));
    const unused = scope.upload('unused', [2], Float32Array.of(1, 2));
    square(tape, unused);
    const [ofX, ofUnused] = tape.gradients(sum(tape, square(tape, x)), [x, unused]);
    return { ofX, ofUnused };
  });
  assert.deepEqual([...asFloats(results.ofX)].slice(0, 2), [6, 8]);
  assert.deepEqual([...asFloats(results.ofUnused)].slice(0, 2), [0, 0]);
});

test('gradients flow to intermediate values too', async () => {
  const { gradient } = await compute(await testGpu(), (graph, scope) => {
    const tape = new Tape(graph);
    const middle = square(tape, scope.upload('x', [1, 2], Float32Array.of(3, 4)));
    const [gradient] = tape.gradients(sum(tape, square(tape, middle)), [middle]);
    return { gradient };
  });
  assert.deepEqual([...asFloats(gradient)].slice(0, 2), [18, 32]);
});

test('only scalars have gradients', async () => {
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => {
      const tape = new Tape(graph);
      const x = scope.tensor('x', [2, 3]);
      return { gradient: tape.gradients(x, [x])[0] };
    }),
    { name: 'UsageError', message: 'gradients: x [2, 3] is not a scalar.' },
  );
});
