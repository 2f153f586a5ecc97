import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError } from '../../../src/base/errors.ts';
import { type DeviceTensor, readWords, Scope, write } from '../../../src/graph/device/scope.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import type { GraphTensor, TransientTensor } from '../../../src/graph/plan/node.ts';
import { BLEND_LENGTH, blend } from '../../support/blend.ts';
import { compute, kept } from '../../support/compute.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom } from '../../support/random.ts';

/** A random computation: each step blends two values that were there before it, chosen by fractions of their number. */
const steps = fc.array(
  fc.record({
    a: fc.double({ min: 0, max: 0.999, noNaN: true }),
    b: fc.double({ min: 0, max: 0.999, noNaN: true }),
    shift: fc.integer({ min: 0, max: BLEND_LENGTH - 1 }),
    weight: fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8),
  }),
  { minLength: 1, maxLength: 25 },
);

test('a plan, whose tensors share buffers, gives what dispatches one by one give, bit for bit', async () => {
  await holds(
    fc.asyncProperty(steps, fc.nat(), async (steps, seed) => {
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const start = scope.upload('start', [BLEND_LENGTH], floats(randomFrom(seed), BLEND_LENGTH, 4));

      const eager: DeviceTensor[] = [start];
      for (const { a, b, ...parameters } of steps) {
        const pick = (fraction: number) => eager[Math.floor(fraction * eager.length)];
        const graph = new Graph(gpu, 'one dispatch');
        const sum = scope.tensor('sum', [BLEND_LENGTH]);
        blend(graph, { a: pick(a), b: pick(b), sum }, parameters);
        using plan = await graph.plan();
        plan.run();
        eager.push(sum);
      }

      const last = await compute(gpu, (graph) => {
        const values = [start, ...steps.map((_, i) => graph.tensor(`value ${i}`, [BLEND_LENGTH]))];
        steps.forEach(({ a, b, ...parameters }, i) => {
          const pick = (fraction: number) => values[Math.floor(fraction * (i + 1))];
          blend(graph, { a: pick(a), b: pick(b), sum: values[i + 1] }, parameters);
        });
        return { value: values[steps.length] };
      });
      assert.deepEqual(last.value, await readWords(gpu, eager[steps.length]));
    }),
    25,
  );
});

test('results, and what is kept, are read from a plan as one computes them that copies everything', async () => {
  await holds(
    fc.asyncProperty(steps, fc.nat(), fc.integer({ min: 1, max: 3 }), async (steps, seed, keepEach) => {
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const start = scope.upload('start', [BLEND_LENGTH], floats(randomFrom(seed), BLEND_LENGTH, 4));
      const record = (graph: Graph) => {
        const values: GraphTensor[] = [start];
        for (const [i, { a, b, ...parameters }] of steps.entries()) {
          const sum = graph.tensor(`value ${i}`, [BLEND_LENGTH]);
          const pick = (fraction: number) => values[Math.floor(fraction * values.length)];
          blend(graph, { a: pick(a), b: pick(b), sum }, parameters);
          values.push(sum);
        }
        return values.slice(1) as TransientTensor[];
      };
      const copied = await compute(gpu, (graph) => Object.fromEntries(record(graph).entries()));
      const graph = new Graph(gpu, 'read');
      const values = record(graph);
      const read = values.filter((value, i) => i % keepEach === 0 && graph.keep(value) === value);
      using plan = await graph.plan();
      plan.run(2);
      for (const value of [...read, values[values.length - 1]]) {
        assert.deepEqual(await plan.readWords(value), copied[values.indexOf(value)], value.name);
        assert.equal((await plan.read(value)).length, BLEND_LENGTH);
      }
      assert.deepEqual(await plan.readWords(start), await readWords(gpu, start));
    }),
    15,
  );
});

test('what a plan has written over, or never had, is not read: the message says what to do', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const x = scope.tensor('x', [BLEND_LENGTH]);
  const graph = new Graph(gpu, 'two blends');
  const [inner, outer, stranger] = ['inner', 'outer', 'stranger'].map((name) =>
    graph.tensor(name, [BLEND_LENGTH]),
  );
  blend(graph, { a: x, b: x, sum: inner });
  blend(graph, { a: inner, b: x, sum: outer });
  const plan = await graph.plan();
  plan.run();
  await assert.rejects(plan.read(inner), /two blends: inner \[64\] cannot be read:.*graph\.keep\(\)/);
  await assert.rejects(plan.read(stranger), /stranger \[64\] cannot be read: no dispatch/);
  assert.equal((await plan.read(outer)).length, BLEND_LENGTH);
  plan.dispose();
  await assert.rejects(plan.read(outer), DisposedError);
});

test('a plan runs again with new input, and several times over in one submission', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const x = scope.tensor('x', [BLEND_LENGTH]);
  const total = scope.tensor('total', [BLEND_LENGTH]);
  const graph = new Graph(gpu, 'add twice x');
  const twice = graph.tensor('twice', [BLEND_LENGTH]);
  const sum = graph.tensor('sum', [BLEND_LENGTH]);
  blend(graph, { a: x, b: x, sum: twice });
  blend(graph, { a: twice, b: total, sum });
  blend(graph, { a: sum, b: sum, sum: total }, { shift: 0, weight: 0 });
  using plan = await graph.plan();
  assert.equal(plan.dispatches, 3);
  assert.deepEqual(plan.kernels, ['blend', 'blend', 'blend']);
  assert.equal(plan.arenaBytes, 2 * BLEND_LENGTH * 4);

  write(gpu, x, new Float32Array(BLEND_LENGTH).fill(1));
  plan.run(5);
  write(gpu, x, new Float32Array(BLEND_LENGTH).fill(10));
  plan.run();
  const words = await readWords(gpu, total);
  assert.deepEqual(new Float32Array(words.buffer), new Float32Array(BLEND_LENGTH).fill(30));
});

test('a plan cannot be made or run with a tensor whose owner was disposed, which is named', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const owner = new Scope(gpu);
  const weights = owner.tensor('encoder weights', [BLEND_LENGTH]);
  const graph = new Graph(gpu, 'late');
  kept(graph, scope, weights);
  blend(graph, { a: weights, b: weights, sum: scope.tensor('sum', [BLEND_LENGTH]) });
  using plan = await graph.plan();
  plan.run();
  owner.dispose();
  const named = (error: Error) =>
    error instanceof DisposedError && /encoder weights \[64\]/.test(error.message);
  assert.throws(() => plan.run(), named);
  await assert.rejects(graph.plan(), named);
  // Nothing was submitted, so nothing comes after.
  await gpu.settled();
});

test('a plan cannot be run after it was disposed, and is named', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const x = scope.tensor('x', [BLEND_LENGTH]);
  const graph = new Graph(gpu, 'over');
  blend(graph, { a: x, b: x, sum: graph.tensor('sum', [BLEND_LENGTH]) });
  const plan = await graph.plan();
  plan.dispose();
  plan.dispose();
  assert.throws(
    () => plan.run(),
    (error: Error) => error instanceof DisposedError && /over/.test(error.message),
  );
  await gpu.settled();
});
