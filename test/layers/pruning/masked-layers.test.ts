import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKey } from '../../../src/base/random.ts';
import { readFloats, Scope } from '../../../src/graph/device/scope.ts';
import { square } from '../../../src/graph/differentiation/elementwise.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Adam } from '../../../src/graph/optimisers/adam.ts';
import { Nesterov } from '../../../src/graph/optimisers/nesterov.ts';
import { applyGradients } from '../../../src/graph/optimisers/optimiser.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import * as l0 from '../../../src/layers/l0-regularization/index.ts';
import * as pruning from '../../../src/layers/pruning/index.ts';
import { ACTIVATIONS, type ActivationName } from '../../../src/layers/reference/activation.ts';
import { normal } from '../../../src/layers/reference/initializers.ts';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
} from '../../../src/layers/reference/tensor.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { type Random, randomFrom } from '../../support/random.ts';
import { assertNear } from '../closeness.ts';
import { featureMajor, gradientsOf, onDevice, picturesOf } from '../device-forms.ts';
import { assertGradient } from '../differences.ts';
import { randomTensor } from '../linear-case.ts';
import { refused } from '../refused.ts';

const key = randomKey(3);
const extent = fc.integer({ min: 1, max: 5 });

/** A mask that may be of any density, all and none among them. */
function randomMask(random: Random, shape: readonly number[]): DenseTensor {
  const density = [0, 0.3, 0.7, 1][Math.floor(4 * random())];
  return elementwise((u) => (u < density ? 1 : 0), randomTensor(random, shape, 0, 1));
}

const layers = fc
  .record({
    convolves: fc.boolean(),
    inputs: extent,
    outputs: extent,
    batch: extent,
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('SAME' as const, 'VALID' as const),
    activation: fc.constantFrom<ActivationName>('linear', 'relu', 'sigmoid', 'tanh'),
    useBias: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ convolves, inputs, outputs, batch, kernel, stride, padding, activation, useBias, seed }) => {
    const random = randomFrom(seed);
    const options = { key: randomKey(seed), activation, useBias, biasInitializer: normal(0, 1) };
    const convolution = { strides: [stride, stride], padding } as const;
    const layer = convolves
      ? new pruning.Conv2D(inputs, outputs, kernel, { ...options, ...convolution })
      : new pruning.FullyConnected(inputs, outputs, options);
    layer.mask.data.set(randomMask(random, layer.kernel.shape).data);
    const x = randomTensor(random, convolves ? [batch, 3, 4, inputs] : [batch, inputs]);
    return { layer, x, activation, convolution };
  });

/** What the layer is: the same with its pruned weights 0, by another technique whose gates are all open. */
function plain(
  { kernel, mask, bias }: { kernel: DenseTensor; mask: DenseTensor; bias: DenseTensor | undefined },
  x: DenseTensor,
  activation: ActivationName,
  convolution: { readonly strides: readonly [number, number]; readonly padding: 'SAME' | 'VALID' },
): DenseTensor {
  const weights = { ...kernel, data: kernel.data.map((w, i) => (mask.data[i] === 0 ? 0 : w)) };
  const pair = [weights, filledTensor(kernel.shape, 1e5)] as const;
  const y = kernel.shape.length === 4 ? l0.conv2dEval(x, pair, convolution) : l0.matmulEval(x, pair);
  const values = y.data.map((value, i) =>
    ACTIVATIONS[activation].of(value + (bias?.data[i % bias.data.length] ?? 0)),
  );
  return { ...y, data: values };
}

test('a masked layer is the plain one with its pruned weights 0, in training and at evaluation', async () => {
  await holds(
    fc.asyncProperty(layers, async ({ layer, x, activation, convolution }) => {
      const expected = plain(layer, x, activation, convolution);
      for (const found of [layer.train(x), layer.evaluate(x)]) {
        assert.deepEqual(found.shape, expected.shape);
        assertNear(found.data, expected.data, 1e-12, 'result');
      }
    }),
    60,
  );
});

test('gradients of masked layers are those of central differences, and exactly 0 for pruned weights', async () => {
  await holds(
    fc.asyncProperty(
      layers.filter(({ activation }) => activation !== 'relu'),
      async ({ layer, x }) => {
        const dy = randomTensor(randomFrom(1), layer.train(x).shape);
        const loss = (y: DenseTensor) => y.data.reduce((sum, value, i) => sum + value * dy.data[i], 0);
        const found = layer.trainGradients(dy, x);
        await assertGradient(found.x, x, async (moved) => loss(layer.train(moved)), 1e-6, 'x');
        for (const [gradient, variable] of [
          [found.kernel, layer.kernel],
          [found.bias, layer.bias],
        ]) {
          assert.equal(gradient === undefined, variable === undefined);
          if (gradient === undefined || variable === undefined) continue;
          const values = variable.data.slice();
          await assertGradient(
            gradient,
            variable,
            async ({ data }) => {
              variable.data.set(data);
              const result = loss(layer.train(x));
              variable.data.set(values);
              return result;
            },
            1e-6,
            'a variable',
          );
        }
        layer.mask.data.forEach((kept, i) => {
          if (kept === 0) assert.ok(found.kernel.data[i] === 0, `a pruned weight ${i} has a gradient`);
        });
      },
    ),
    20,
  );
});

test('masked products, convolutions and lookups on the device, with the gradients of the reference', async () => {
  await holds(
    fc.asyncProperty(layers, async ({ layer, x, activation, convolution }) => {
      const expected = layer.train(x);
      const dy = randomTensor(randomFrom(2), expected.shape);
      const gradients = layer.trainGradients(dy, x);
      const found = await onDevice((tape, uploads) => {
        const columns = uploads.tensor(featureMajor(x));
        const pair = [uploads.tensor(layer.kernel), uploads.tensor(layer.mask)] as const;
        const bias = layer.bias && uploads.tensor(layer.bias);
        const pictures = picturesOf({ x } as Parameters<typeof picturesOf>[0]);
        const product =
          x.shape.length === 4
            ? pruning.onDevice.conv2d(tape, columns, pair, { ...convolution, pictures })
            : pruning.onDevice.matmul(tape, columns, pair);
        const y = pruning.onDevice.activated(tape, product, bias, activation);
        const [dx, dKernel] = gradientsOf(tape, uploads, y, dy, [columns, pair[0]]);
        return {
          y: { tensor: y, shape: expected.shape, featureMajor: true },
          dx: { tensor: dx, shape: x.shape, featureMajor: true },
          dKernel: { tensor: dKernel, shape: layer.kernel.shape, featureMajor: false },
        };
      });
      assertNear(found.y.data, expected.data, 1e-5, 'result');
      assertNear(found.dx.data, gradients.x.data, 1e-5, 'gradient by x');
      assertNear(found.dKernel.data, gradients.kernel.data, 1e-5, 'gradient by the kernel');
    }),
    12,
  );
  const table = randomTensor(randomFrom(3), [4, 3]);
  const mask = randomMask(randomFrom(5), [4, 3]);
  const { rows } = await onDevice((tape, uploads) => {
    const pair = [uploads.tensor(table), uploads.tensor(mask)] as const;
    const ids = uploads.words(Uint32Array.of(3, 0, 3));
    const tensor = pruning.onDevice.embeddingLookup(tape, pair, ids);
    return { rows: { tensor, shape: [3, 3], featureMajor: true } };
  });
  const expected = [3, 0, 3].flatMap((id) =>
    [0, 1, 2].map((d) => table.data[3 * id + d] * mask.data[3 * id + d]),
  );
  assertNear(rows.data, expected, 1e-6, 'rows');
});

test('optimisers leave pruned weights as they are, to the bit', async () => {
  const gpu = await testGpu();
  const theta = Float32Array.from({ length: 15 }, (_, i) => 0.1 * i - 0.7);
  const mask = Float32Array.from(theta, (_, i) => (i % 3 === 0 ? 0 : 1));
  for (const Optimiser of [Nesterov, Adam]) {
    using scope = new Scope(gpu);
    const weights = scope.upload('theta', [3, 5], theta);
    const x = scope.upload('x', [3, 4], theta.subarray(3));
    const graph = new Graph(gpu, 'training step');
    const tape = new Tape(graph);
    const y = pruning.onDevice.matmul(tape, x, [weights, scope.upload('mask', [3, 5], mask)]);
    const optimiser = new Optimiser(scope);
    applyGradients(graph, optimiser, [weights], tape.gradients(sum(tape, square(tape, y)), [weights]));
    using plan = await graph.plan();
    for (let step = 0; step < 3; step++) {
      optimiser.prepare(0.1);
      plan.run();
    }
    const after = await readFloats(gpu, weights);
    theta.forEach((before, i) => {
      assert.equal(after[i] === before, mask[i] === 0, `${Optimiser.name}, weight ${i}`);
    });
  }
});

/** The cells of a kind: masked, masked on a device, and those that gates which are open make plain. */
const CELLS = {
  RNN: { Masked: pruning.RNNCell, OnDevice: pruning.onDevice.RNNCell, Plain: l0.RNNCell },
  LSTM: { Masked: pruning.LSTMCell, OnDevice: pruning.onDevice.LSTMCell, Plain: l0.LSTMCell },
};

const sequences = fc
  .record({
    kind: fc.constantFrom('RNN' as const, 'LSTM' as const),
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 3 }),
    units: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
  })
  .map(({ kind, batch, size, units, steps, seed }) => {
    const random = randomFrom(seed);
    const width = kind === 'RNN' ? units : 4 * units;
    const theta = randomTensor(random, [size + units, width]);
    const mask = randomMask(random, theta.shape);
    const bias = randomTensor(random, [width]);
    const tensors = (count: number, features: number) =>
      Array.from({ length: count }, () => randomTensor(random, [batch, features]));
    const state = tensors(kind === 'RNN' ? 1 : 2, units);
    return { kind, units, theta, mask, bias, inputs: tensors(steps, size), state };
  });

test('a masked cell is the plain one with its pruned weights 0, on the device too', async () => {
  await holds(
    fc.asyncProperty(sequences, async ({ kind, units, theta, mask, bias, inputs, state }) => {
      const weights = { ...theta, data: theta.data.map((w, i) => (mask.data[i] === 0 ? 0 : w)) };
      const { Masked, OnDevice, Plain } = CELLS[kind];
      const open = new Plain([weights, filledTensor(theta.shape, 1e5)], bias, units);
      const expected = open.evaluate(inputs, state);
      const cell = new Masked([theta, mask], bias, units);
      for (const found of [cell.train(inputs, state), cell.evaluate(inputs, state)]) {
        found.outputs.forEach((h, t) => {
          assertNear(h.data, expected.outputs[t].data, 1e-12, `output ${t}`);
        });
        found.state.forEach((part, i) => {
          assertNear(part.data, expected.state[i].data, 1e-12, `state ${i}`);
        });
      }
      const { last } = await onDevice((tape, { tensor }) => {
        const recorded = new OnDevice([tensor(theta), tensor(mask)], tensor(bias), units);
        const run = recorded.train(
          tape,
          inputs.map((x) => tensor(featureMajor(x))),
          state.map((part) => tensor(featureMajor(part))),
        );
        const at = run.outputs.length - 1;
        return { last: { tensor: run.outputs[at], shape: expected.outputs[at].shape, featureMajor: true } };
      });
      assertNear(last.data, expected.outputs[inputs.length - 1].data, 1e-5, 'last output on the device');
    }),
    15,
  );
});

test('gradients of masked cells, through time, are those of central differences', async () => {
  await holds(
    fc.asyncProperty(sequences, async ({ kind, units, theta, mask, bias, inputs, state }) => {
      const { Masked } = CELLS[kind];
      const run = (change: { theta?: DenseTensor; bias?: DenseTensor; x?: DenseTensor; h?: DenseTensor }) =>
        new Masked([change.theta ?? theta, mask], change.bias ?? bias, units).train(
          [change.x ?? inputs[0], ...inputs.slice(1)],
          [...state.slice(0, -1), change.h ?? state[state.length - 1]],
        );
      const dOutputs = inputs.map((_, t) => randomTensor(randomFrom(t), state[0].shape));
      const loss = ({ outputs }: ReturnType<typeof run>) =>
        outputs.reduce((sum, h, t) => h.data.reduce((all, v, i) => all + v * dOutputs[t].data[i], sum), 0);
      const cell = new Masked([theta, mask], bias, units);
      const found = cell.trainGradients(dOutputs, inputs, state);
      await assertGradient(found.theta, theta, async (moved) => loss(run({ theta: moved })), 1e-6, 'theta');
      await assertGradient(found.bias, bias, async (moved) => loss(run({ bias: moved })), 1e-6, 'bias');
      await assertGradient(found.inputs[0], inputs[0], async (x) => loss(run({ x })), 1e-6, 'first input');
      const [before, h] = [found.state, state].map((tensors) => tensors[tensors.length - 1]);
      await assertGradient(before, h, async (moved) => loss(run({ h: moved })), 1e-6, 'state');
    }),
    15,
  );
});

test('masks begin with all weights, of the shape of each kernel, and sparsity counts their zeros', () => {
  const convolution = { key, strides: [1, 1], padding: 'SAME' } as const;
  const stack = [8, 4, 11, 18, 25].map((channels) => new pruning.Conv2D(channels, 3, [3, 3], convolution));
  for (const { kernel, mask } of stack) {
    assert.deepEqual(mask.shape, kernel.shape);
    assert.ok(mask.data.every((kept) => kept === 1));
  }
  assert.deepEqual(pruning.weightSparsity(stack.map(({ pair }) => pair)), {
    global: 0,
    layers: [0, 0, 0, 0, 0],
  });
  const layer = new pruning.FullyConnected(4, 5, { key });
  layer.mask.data.set(pruning.sortMask(layer.kernel.data, 0.75).mask);
  assert.deepEqual(pruning.weightSparsity([layer.pair]), { global: 0.75, layers: [0.75] });
});

test('masked layers and cells refuse what does not fit, and name it', () => {
  const convolution = { key, strides: [1, 1], padding: 'SAME' } as const;
  const layer = new pruning.Conv2D(2, 3, [3, 3], convolution);
  for (const shape of [
    [4, 4, 2],
    [1, 1, 4, 4, 2],
  ]) {
    refused(
      () => layer.train(filledTensor(shape, 0)),
      /x is \[.*\], expected rank 4: \[batch, height, width/,
    );
  }
  const dense = new pruning.FullyConnected(3, 2, { key });
  refused(
    () => dense.train(filledTensor([1, 4], 0)),
    /x \[1, 4\] has 4 inputs, the weight \[3, 2\] expects 3/,
  );
  refused(
    () => dense.trainGradients(filledTensor([1, 3], 0), filledTensor([1, 3], 0)),
    /dOutput is \[1, 3\], expected \[1, 2\]/,
  );
  const theta = denseTensor([2, 1], [1, 2]);
  const bias = denseTensor([1], [0]);
  refused(
    () => new pruning.RNNCell([theta, filledTensor([1, 2], 1)], bias, 1),
    /theta is \[2, 1\] and mask is \[1, 2\], expected equal shapes/,
  );
  refused(() => new pruning.LSTMCell([theta, theta], bias, 1), /kernel is \[2, 1\], expected \[\?, 4\]/);
});
