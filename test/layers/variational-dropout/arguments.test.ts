import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKey } from '../../../src/base/random.ts';
import { Scope } from '../../../src/graph/device/scope.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { glorotUniform, normal } from '../../../src/layers/reference/initializers.ts';
import { denseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import * as reference from '../../../src/layers/variational-dropout/index.ts';
import * as device from '../../../src/layers/variational-dropout/on-device.ts';
import { compute } from '../../support/compute.ts';
import { testGpu } from '../../support/gpu.ts';
import { refused } from '../refused.ts';

const zeros = (...shape: number[]) => filledTensor(shape, 0);
const key = randomKey(0);

test('the reference refuses what does not fit, and names it', () => {
  const x = zeros(2, 3);
  const pair = [zeros(3, 4), zeros(3, 4)] as const;
  const { matmulTrain, matmulTrainGradients, matmulEval, broadcastMatmulTrain, conv2dEval } = reference;
  const single = [zeros(3, 4)] as unknown as typeof pair;
  refused(() => matmulTrain(x, single, key), /the weight pair has 1 tensors, expected \[theta, logSigma2\]/);
  refused(
    () => matmulTrain(x, [zeros(3, 4), zeros(4, 3)], key),
    /theta is \[3, 4\] and logSigma2 is \[4, 3\]/,
  );
  refused(() => matmulEval(x, [zeros(3, 4), zeros(3)]), /logSigma2 is \[3\], expected equal shapes/);
  refused(() => matmulTrain(zeros(1, 2, 3), pair, key), /x is \[1, 2, 3\], expected rank 2/);
  refused(() => matmulTrain(x, pair, zeros(2, 3)), /noise is \[2, 3\], expected \[2, 4\]/);
  refused(() => matmulTrainGradients(zeros(4, 2), x, pair, key), /dy is \[4, 2\], expected \[2, 4\]/);
  refused(() => matmulTrain(x, pair, key, { clipAlpha: -1 }), /clipAlpha is -1, expected a number from 0 up/);
  refused(() => matmulTrain(x, pair, key, { clipAlpha: Number.NaN }), /clipAlpha is NaN/);
  refused(() => matmulTrain(x, pair, key, { epsilon: -1e-8 }), /epsilon is -1e-8, expected a finite number/);
  refused(() => matmulEval(x, pair, { threshold: Number.NaN }), /threshold is NaN, expected a number/);
  refused(() => broadcastMatmulTrain(zeros(3), pair, key), /x is \[3\], expected \[batch, …, inputs\]/);
  refused(
    () => broadcastMatmulTrain(zeros(2, 5, 3), pair, zeros(2, 5, 4)),
    /noise is \[2, 5, 4\], expected \[2, 1, 4\]/,
  );
  const options = { strides: [1, 1], padding: 'SAME' } as const;
  refused(
    () => conv2dEval(x, [zeros(1, 1, 1, 1), zeros(1, 1, 1, 1)], options),
    /x is \[2, 3\], expected rank 4/,
  );
  refused(() => reference.embeddingLookupTrain(pair, { shape: [1], data: [3] }, key), /id 3 at 0 is no row/);
  refused(() => reference.klDivergence([zeros(2), zeros(3)]), /theta is \[2\] and logSigma2 is \[3\]/);
  const none = undefined as never;
  refused(
    () => reference.klDivergence(none),
    /the weight pair has no tensors, expected \[theta, logSigma2\]/,
  );
  refused(() => matmulTrain(x, pair, none), /noise is undefined, expected a tensor or a key/);
  refused(() => matmulTrain(x, pair, 3 as never), /noise is 3, expected a tensor or a key/);
  refused(() => matmulTrain(x, [none, none], key), /theta is undefined, expected a tensor/);
  refused(() => reference.computeLogAlpha(pair[0], none), /theta is undefined, expected a tensor/);
  refused(() => new reference.FullyConnected(3, 4, { key: 3 as never }), /key is 3, expected one such as/);
  // Added to a number as it is, a text would make a text of it.
  const text = '1e-8' as never;
  refused(() => matmulTrain(x, pair, key, { epsilon: text }), /epsilon is "1e-8", expected a finite number/);
  refused(() => matmulTrain(x, pair, key, { clipAlpha: text }), /clipAlpha is "1e-8", expected a number/);
  const cell = new reference.RNNCell([zeros(5, 4), zeros(5, 4)], zeros(4), 4);
  refused(() => cell.train(zeros(2, 1) as never, key), /the sequence is of type Object, expected an array/);
  refused(() => cell.train([zeros(2, 1)], 3 as never), /noise is 3, expected a tensor or a key/);
  refused(() => new reference.RNNCell(cell.pair, none, 4), /the cell's bias is undefined, expected a tensor/);
  const strides = 2 as unknown as [number, number];
  refused(
    () => conv2dEval(zeros(1, 2, 2, 1), [zeros(1, 1, 1, 1), zeros(1, 1, 1, 1)], { ...options, strides }),
    /strides are 2, expected two positive whole numbers/,
  );
});

test('a bound of null is none, as undefined is, and not the bound 0', async () => {
  const pair = [denseTensor([1, 2], [0.5, -2]), denseTensor([1, 2], [1, -3])] as const;
  const [free, nothing, zero] = [undefined, null, 0].map((clipAlpha) => ({
    clipAlpha,
    valueLimit: clipAlpha,
  }));
  const x = denseTensor([1, 1], [3]);
  for (const of of [
    (options: typeof free) => reference.matmulTrain(x, pair, key, options),
    (options: typeof free) => reference.klDivergence(pair, options),
    (options: typeof free) => reference.klDivergenceGradients(pair, options),
    (options: typeof free) => reference.computeLogAlpha(pair[1], pair[0], options),
  ]) {
    assert.deepEqual(of(nothing), of(free));
    assert.notDeepEqual(of(zero), of(free));
  }
  const gpu = await testGpu();
  const onDevice = (options: typeof free) =>
    compute(gpu, (graph, scope) => {
      const tape = new Tape(graph);
      const [theta, logSigma2] = pair.map(({ shape, data }) =>
        scope.upload('of the pair', shape, Float32Array.from(data)),
      );
      return {
        kl: device.klDivergence(tape, [theta, logSigma2], options),
        logAlpha: device.computeLogAlpha(tape, logSigma2, theta, options),
      };
    });
  assert.deepEqual(await onDevice(nothing), await onDevice(free));
  assert.notDeepEqual(await onDevice(zero), await onDevice(free));
});

test('recurrent cells refuse weights of other shapes, and sequences that do not fit', () => {
  const { RNNCell, LSTMCell } = reference;
  const pair = [zeros(5, 3), zeros(5, 3)] as const;
  const single = [zeros(5, 3)] as unknown as typeof pair;
  refused(() => new RNNCell(single, zeros(3), 3), /the weight pair has 1 tensors/);
  refused(() => new RNNCell([zeros(5, 3), zeros(4, 3)], zeros(3), 3), /expected equal shapes/);
  refused(() => new RNNCell([zeros(5), zeros(5)], zeros(3), 3), /kernel is \[5\], expected \[\?, 3\]/);
  refused(() => new RNNCell(pair, zeros(3), 4), /kernel is \[5, 3\], expected \[\?, 4\]/);
  refused(() => new LSTMCell(pair, zeros(12), 3), /kernel is \[5, 3\], expected \[\?, 12\]/);
  refused(() => new RNNCell(pair, zeros(3, 1), 3), /bias is \[3, 1\], expected \[3\]/);
  refused(() => new RNNCell(pair, zeros(4), 3), /bias is \[4\], expected \[3\]/);
  refused(() => new RNNCell([zeros(3, 3), zeros(3, 3)], zeros(3), 3), /leave no rows for inputs/);
  const cell = new RNNCell(pair, zeros(3), 3);
  refused(() => cell.train([], key), /the sequence is empty/);
  refused(() => cell.evaluate([zeros(1, 3)]), /the input of step 0 is \[1, 3\], expected \[\?, 2\]/);
  refused(
    () => cell.evaluate([zeros(1, 2), zeros(2, 2)]),
    /the input of step 1 is \[2, 2\], expected \[1, 2\]/,
  );
  refused(
    () => cell.evaluate([zeros(1, 2)], [zeros(1, 2)]),
    /a tensor of the state is \[1, 2\], expected \[1, 3\]/,
  );
  refused(() => cell.evaluate([zeros(1, 2)], []), /the state has 0 tensors, expected 1/);
  const noise = { input: zeros(1, 3), hidden: zeros(2, 3) };
  refused(() => cell.train([zeros(1, 2)], noise), /noise is \[2, 3\], expected \[3, 3\]/);
  refused(() => cell.trainGradients([], [zeros(1, 2)], key), /dOutputs has 0 steps, the inputs have 1/);
  const activation = 'gelu' as 'relu';
  refused(
    () => new RNNCell(pair, zeros(3), 3, { activation }),
    /activation is "gelu", expected linear, relu, sigmoid, tanh/,
  );
  refused(() => new RNNCell(pair, zeros(3), 3, { threshold: Number.NaN }), /threshold is NaN/);
  const wide = [zeros(5, 12), zeros(5, 12)] as const;
  refused(() => new LSTMCell(wide, zeros(12), 3, { forgetBias: Number.NaN }), /forgetBias is NaN/);
});

test('layers refuse sizes and first values that cannot be', () => {
  const { FullyConnected, Conv2D } = reference;
  refused(
    () => new FullyConnected(0, 2, { key }),
    /a size of the layer is 0, expected a positive whole number/,
  );
  const wrong = { key, kernelInitializer: () => zeros(1) };
  refused(() => new FullyConnected(3, 2, wrong), /the initial kernel is \[1\], expected \[3, 2\]/);
  const nothing = {} as { key: typeof key };
  refused(
    () => new FullyConnected(3, 2, nothing),
    /key is undefined, expected one such as randomKey\(seed\)/,
  );
  refused(() => new FullyConnected(3, 2, { key, activation: 'gelu' as 'relu' }), /activation is "gelu"/);
  refused(() => new FullyConnected(3, 2, { key, epsilon: -1 }), /epsilon is -1/);
  refused(() => new FullyConnected(3, 2, { key, clipAlpha: -2 }), /clipAlpha is -2/);
  refused(() => new FullyConnected(3, 2, { key, threshold: Number.NaN }), /threshold is NaN/);
  refused(() => normal(0, -1), /deviation is -1/);
  refused(() => glorotUniform([3], key), /the initial kernel is \[3\], expected \[…, inputs, outputs\]/);
  const options = { key, strides: [1, 1], padding: 'SAME' } as const;
  refused(
    () => new Conv2D(1, 1, [3, 0], options),
    /kernel sizes are \[3, 0\], expected two positive whole numbers, \[height, width\]/,
  );
  refused(
    () => new Conv2D(1, 1, [3, 3], { ...options, dataFormat: 'NCHW' as 'NHWC' }),
    /data format is "NCHW"/,
  );
});

test('the device refuses what does not fit, and names it', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const tape = new Tape(new Graph(gpu, 'refusals'));
  const tensor = (...shape: number[]) => scope.tensor('given', shape);
  const pair = [tensor(3, 4), tensor(3, 4)] as const;
  const [x, noise] = [tensor(3, 2), tensor(4, 2)];
  refused(() => device.matmulTrain(tape, x, [tensor(3, 4), tensor(4, 3)], noise), /expected equal shapes/);
  refused(() => device.matmulTrain(tape, x, pair, tensor(2, 4)), /noise is \[2, 4\], expected \[4, 2\]/);
  refused(() => device.matmulTrain(tape, tensor(3), pair, noise), /x is \[3\], expected rank 2/);
  refused(() => device.matmulTrain(tape, x, pair, noise, { clipAlpha: -1 }), /clipAlpha is -1/);
  refused(() => device.matmulEval(tape, tensor(2, 2), pair), /product/);
  refused(() => device.matmulEval(tape, x, pair, { threshold: Number.NaN }), /threshold is NaN/);
  refused(
    () => device.broadcastMatmulTrain(tape, tensor(3, 5), pair, noise),
    /has no 2 batch elements of equal length/,
  );
  const pictures = { count: 1, height: 2, width: 2 };
  const kernels = [tensor(1, 1, 3, 1), tensor(1, 1, 3, 1)] as const;
  const options = { pictures, strides: [1, 2], padding: 'SAME' } as const;
  refused(() => device.conv2dEval(tape, tensor(3, 4), kernels, options), /strides are \[1, 2\]/);
  refused(() => device.klDivergence(tape, [tensor(2), tensor(3)]), /expected equal shapes/);
  refused(() => new device.RNNCell(pair, tensor(4), 3), /kernel is \[3, 4\], expected \[\?, 3\]/);
  const cell = new device.RNNCell([tensor(5, 3), tensor(5, 3)], tensor(3), 3);
  refused(
    () => cell.evaluate(tape, [tensor(2, 2), tensor(2, 1)]),
    /the input of step 1 is \[2, 1\], expected \[\?, 2\]/,
  );
  refused(() => device.activated(tape, x, undefined, 'gelu' as 'relu'), /activation is "gelu"/);
  refused(() => cell.evaluate(tape, []), /the sequence is empty/);
  refused(() => cell.evaluate(tape, [tensor(2, 1)], []), /the state has 0 tensors, expected 1/);
});
