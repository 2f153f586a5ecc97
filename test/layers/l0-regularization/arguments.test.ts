import { test } from 'node:test';
import { randomKey } from '../../../src/base/random.ts';
import { Scope } from '../../../src/graph/device/scope.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import * as reference from '../../../src/layers/l0-regularization/index.ts';
import * as device from '../../../src/layers/l0-regularization/on-device.ts';
import { filledTensor } from '../../../src/layers/reference/tensor.ts';
import { testGpu } from '../../support/gpu.ts';
import { refused } from '../refused.ts';

const zeros = (...shape: number[]) => filledTensor(shape, 0);
const key = randomKey(0);

test('the reference refuses what does not fit, and names it', () => {
  const x = zeros(2, 3);
  const pair = [zeros(3, 4), zeros(3, 4)] as const;
  const { matmulTrain, matmulTrainGradients, matmulEval, broadcastMatmulTrain } = reference;
  const single = [zeros(3, 4)] as unknown as typeof pair;
  refused(() => matmulTrain(x, single, key), /the weight pair has 1 tensors, expected \[theta, logAlpha\]/);
  refused(() => matmulEval(x, [zeros(3, 4), zeros(4, 3)]), /theta is \[3, 4\] and logAlpha is \[4, 3\]/);
  refused(() => matmulTrain(zeros(3), pair, key), /x is \[3\], expected rank 2/);
  refused(() => matmulTrain(x, pair, zeros(2, 4)), /noise is \[2, 4\], expected \[3, 4\]/);
  refused(() => matmulTrain(x, pair, filledTensor([3, 4], 1)), /noise is 1, expected numbers in \[0, 1\)/);
  refused(() => matmulTrainGradients(zeros(1, 1), x, pair, key), /dy is \[1, 1\], expected \[2, 4\]/);
  refused(() => broadcastMatmulTrain(zeros(3), pair, key), /x is \[3\], expected \[batch, …, inputs\]/);
  refused(() => matmulTrain(x, pair, key, { beta: 0 }), /beta is 0, expected a number above 0/);
  refused(() => matmulEval(x, pair, { gamma: 0.1 }), /gamma is 0\.1, expected a number below 0/);
  refused(() => reference.l0Norm(zeros(2), { zeta: 1 }), /zeta is 1, expected a number above 1/);
  refused(() => matmulTrain(x, pair, key, { epsilon: Number.NaN }), /epsilon is NaN/);
  const ids = { shape: [2, 1], data: [0, -1] };
  refused(() => reference.embeddingLookupTrain(pair, ids, key), /id -1 at 1 is no row/);
});

test('recurrent cells and layers refuse weights and parameters that cannot be', () => {
  const { RNNCell, LSTMCell, FullyConnected, Conv2D } = reference;
  const pair = [zeros(5, 3), zeros(5, 3)] as const;
  const single = [zeros(5, 3)] as unknown as typeof pair;
  refused(() => new RNNCell(single, zeros(3), 3), /the weight pair has 1 tensors/);
  refused(() => new RNNCell([zeros(5, 3), zeros(4, 3)], zeros(3), 3), /expected equal shapes/);
  refused(() => new RNNCell([zeros(5), zeros(5)], zeros(3), 3), /kernel is \[5\], expected \[\?, 3\]/);
  refused(() => new RNNCell(pair, zeros(3), 4), /kernel is \[5, 3\], expected \[\?, 4\]/);
  refused(() => new LSTMCell(pair, zeros(12), 3), /kernel is \[5, 3\], expected \[\?, 12\]/);
  refused(() => new RNNCell(pair, zeros(3, 1), 3), /bias is \[3, 1\], expected \[3\]/);
  refused(() => new RNNCell(pair, zeros(4), 3), /bias is \[4\], expected \[3\]/);
  refused(() => new RNNCell(pair, zeros(3), 3, { beta: -1 }), /beta is -1/);
  refused(() => new RNNCell(pair, zeros(3), 3).train([], key), /the sequence is empty/);
  refused(() => new FullyConnected(3, 1.5, { key }), /a size of the layer is 1\.5/);
  refused(() => new FullyConnected(3, 2, { key, gamma: 0 }), /gamma is 0/);
  const options = { key, strides: [1, 1], padding: 'SAME' } as const;
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
  const [x, noise] = [tensor(3, 2), tensor(3, 4)];
  refused(() => device.matmulTrain(tape, x, [tensor(3, 4), tensor(4, 3)], noise), /expected equal shapes/);
  refused(() => device.matmulTrain(tape, x, pair, tensor(4, 2)), /noise is \[4, 2\], expected \[3, 4\]/);
  refused(() => device.matmulTrain(tape, tensor(3), pair, noise), /x is \[3\], expected rank 2/);
  refused(() => device.matmulTrain(tape, x, pair, noise, { beta: 0 }), /beta is 0/);
  refused(() => device.matmulEval(tape, x, pair, { zeta: 0.5 }), /zeta is 0\.5/);
  refused(() => device.l0Norm(tape, x, { gamma: 1 }), /gamma is 1/);
  refused(() => new device.RNNCell(pair, tensor(4), 3), /kernel is \[3, 4\], expected \[\?, 3\]/);
});
