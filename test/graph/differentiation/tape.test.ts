import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../../src/graph/device/scope.ts';
import {
  add,
  affine,
  applyMask,
  multiply,
  square,
  tanh,
} from '../../../src/graph/differentiation/elementwise.ts';
import { gather } from '../../../src/graph/differentiation/embedding.ts';
import { batchNorm } from '../../../src/graph/differentiation/normalisation.ts';
import { product } from '../../../src/graph/differentiation/product.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { asFloats, compute } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
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

test('two runs give the same bits, whatever is summed', async () => {
  const gpu = await testGpu();
  const random = randomFrom(5);
  const { data: values } = uniform(random, [5, 900]);
  const { data: rows } = uniform(random, [6, 5]);
  const ids = Uint32Array.from({ length: 900 }, () => Math.floor(6 * random()));
  const run = () =>
    compute(gpu, (graph, scope) => {
      const tape = new Tape(graph);
      const x = scope.upload('x', [5, 900], values);
      const table = scope.upload('table', [6, 5], rows);
      const { y } = batchNorm(
        tape,
        multiply(tape, gather(tape, table, scope.upload('ids', [900], ids)), x),
        { scale: scope.upload('scale', [5], rows.subarray(0, 5)), bias: scope.tensor('bias', [5]) },
        1e-3,
      );
      const loss = sum(tape, square(tape, product(tape, table, y)));
      const [ofX, ofTable] = tape.gradients(loss, [x, table]);
      return { loss, ofX, ofTable };
    });
  const first = await run();
  for (let time = 0; time < 2; time++) assert.deepEqual(await run(), first);
  assert.ok(new Set(first.ofX).size > 900, 'there is something to compare');
});

test('tensors with more elements than a row of workgroups has', async () => {
  const count = 65_535 * 64 + 77;
  const { y } = await compute(await testGpu(), (graph, scope) => ({
    y: affine(new Tape(graph), scope.tensor('x', [1, count]), 1, 3),
  }));
  const values = asFloats(y);
  assert.ok(values.length >= count && values.subarray(0, count).every((value) => value === 3));
});

test('nothing is not differentiated', async () => {
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => ({
      y: square(new Tape(graph), scope.tensor('x', [3, 0])),
    })),
    { name: 'UsageError', message: 'square: x [3, 0] is empty.' },
  );
});

test('the gradients of what is added are tensors of their own, read without keeping them', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, 'test');
  const tape = new Tape(graph);
  const [a, b] = ['a', 'b'].map((name) => scope.upload(name, [2, 2], Float32Array.of(1, 2, 3, 4)));
  const inner = add(tape, a, b);
  const outer = add(tape, inner, a);
  const gradients = tape.gradients(sum(tape, square(tape, outer)), [a, b, inner, outer]);
  assert.equal(new Set(gradients).size, 4);
  using plan = await graph.plan();
  plan.run();
  const read = await Promise.all(gradients.map((gradient) => plan.read(gradient)));
  assert.deepEqual(
    read.map((values) => [...values]),
    [12, 6, 6, 6].map((factor) => [1, 2, 3, 4].map((value) => factor * value)),
  );
});

test('what is large and cheap is computed anew for gradients, to the same bits, and not kept', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const random = randomFrom(5);
  const theta = scope.upload('theta', [512, 520], uniform(random, [512, 520]).data);
  const mask = scope.upload(
    'mask',
    [512, 520],
    Float32Array.from({ length: 512 * 520 }, (_, i) => i % 3 && 1),
  );
  const x = scope.upload('x', [520, 4], uniform(random, [520, 4]).data);
  const gradientsWith = async (masked: typeof multiply) => {
    const graph = new Graph(gpu, 'test');
    const tape = new Tape(graph);
    const y = product(tape, masked(tape, theta, mask), x);
    const gradients = tape.gradients(sum(tape, square(tape, y)), [theta, x]);
    using plan = await graph.plan();
    plan.run();
    const masks = plan.kernels.filter((kernel) => /^(mask|multiply) \(/.test(kernel)).length;
    return { masks, values: await Promise.all(gradients.map((gradient) => plan.read(gradient))) };
  };
  const [anew, kept] = [await gradientsWith(applyMask), await gradientsWith(multiply)];
  assert.deepEqual([anew.masks, kept.masks], [2, 1]);
  assert.deepEqual(anew.values, kept.values);
});
