import { test } from 'node:test';
import * as l0 from '../../../src/layers/l0-regularization/index.ts';
import { denseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import { assertClose, GATED, GATES, HARD_CONCRETE, PLAIN_CELLS, PRODUCT } from '../golden-vectors.ts';

const TOLERANCE = 1e-6;

test('hard concrete gate and its derivative', () => {
  for (const [logAlpha, u, gate, slope] of HARD_CONCRETE) {
    const [a, noise] = [denseTensor([], [logAlpha]), denseTensor([], [u])];
    assertClose(l0.hardConcreteSample(a, noise), [gate], TOLERANCE, `gate(${logAlpha}, ${u})`);
    assertClose(l0.hardConcreteSampleSlope(a, noise), [slope], TOLERANCE, `gate'(${logAlpha}, ${u})`);
  }
});

test('gate of evaluation and probability that a gate is not 0', () => {
  for (const [logAlpha, gate, active] of GATES) {
    const a = denseTensor([], [logAlpha]);
    assertClose(l0.hardConcreteMean(a), [gate], TOLERANCE, `gate(${logAlpha})`);
    assertClose(l0.l0Norm(a), [active], TOLERANCE, `P(gate ≠ 0 | ${logAlpha})`);
  }
});

test('product with drawn gates, with its gradients and its penalty', () => {
  const { x, theta, dy } = PRODUCT;
  const { logAlpha, noise } = GATED;
  const pair = [theta, logAlpha] as const;
  assertClose(l0.hardConcreteSample(logAlpha, noise), GATED.gates, TOLERANCE, 'z');
  assertClose(l0.matmulTrain(x, pair, noise), GATED.trained, TOLERANCE, 'y');
  const gradients = l0.matmulTrainGradients(dy, x, pair, noise);
  assertClose(gradients.theta, GATED.theta, TOLERANCE, 'dθ');
  assertClose(gradients.logAlpha, GATED.dLogAlpha, TOLERANCE, 'da');
  assertClose(l0.matmulEval(x, pair), GATED.evaluated, TOLERANCE, 'y at evaluation');
  assertClose(l0.l0Norm(logAlpha), [GATED.norm], TOLERANCE, 'L0 norm');
});

test('cells whose gates are all 1 are the plain ones', () => {
  const { inputs, output, memory, lstm, elman } = PLAIN_CELLS;
  const open = (shape: readonly number[]) => filledTensor(shape, 50);
  const lstmCell = new l0.LSTMCell([lstm.kernel, open(lstm.kernel.shape)], lstm.bias, 1);
  const { state } = lstmCell.train(inputs, [1, 2], [memory, output]);
  assertClose(state[0], [lstm.memory], TOLERANCE, 'c');
  assertClose(state[1], [lstm.output], TOLERANCE, 'm');
  const elmanCell = new l0.RNNCell([elman.kernel, open(elman.kernel.shape)], elman.bias, 1);
  assertClose(elmanCell.evaluate(inputs, [output]).outputs[0], [elman.output], TOLERANCE, 'h');
});
