import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import * as variationalDropout from '../../../src/layers/variational-dropout/index.ts';
import {
  assertClose,
  KL_DIVERGENCE,
  LOG_ALPHA,
  PLAIN_CELLS,
  PRODUCT,
  VARIATIONAL,
  VARIATIONAL_CELL,
} from '../golden-vectors.ts';

const TOLERANCE = 1e-6;

const {
  broadcastMatmulTrain,
  computeLogAlpha,
  computeLogSigma2,
  evaluationMask,
  klDivergence,
  klDivergenceGradients,
  klDivergenceOfLogAlpha,
  klDivergenceOfLogAlphaGradient,
  LSTMCell,
  matmulEval,
  matmulTrain,
  matmulTrainGradients,
  RNNCell,
} = variationalDropout;

test('log α and back', () => {
  for (const [logSigma2, theta, logAlpha] of LOG_ALPHA) {
    const [l, t] = [denseTensor([], [logSigma2]), denseTensor([], [theta])];
    assertClose(computeLogAlpha(l, t, { valueLimit: undefined }), [logAlpha], 1e-8, 'log α');
    assertClose(computeLogAlpha(l, t), [Math.min(8, Math.max(-8, logAlpha))], 1e-8, 'clipped log α');
    assertClose(computeLogSigma2(denseTensor([], [logAlpha]), t), [logSigma2], 1e-8, 'log σ²');
  }
});

test('KL divergence and its derivative', () => {
  for (const [logAlpha, divergence, slope] of KL_DIVERGENCE) {
    const at = denseTensor([], [logAlpha]);
    // To the last digit given, which the large values of log α need.
    assertClose(klDivergenceOfLogAlpha(at), [divergence], 1e-8 * Math.min(1, divergence), `KL(${logAlpha})`);
    assertClose(klDivergenceOfLogAlphaGradient(at), [slope], 1e-8 * Math.min(1, -slope), `KL'(${logAlpha})`);
  }
});

test('product with noise, for three ways of clipping, with its gradients and its penalty', () => {
  const { x, theta, dy } = PRODUCT;
  const { logSigma2, noise } = VARIATIONAL;
  const pair = [theta, logSigma2] as const;
  assertClose(
    computeLogAlpha(logSigma2, theta, { valueLimit: undefined }),
    VARIATIONAL.logAlpha,
    TOLERANCE,
    'log α',
  );
  for (const expected of VARIATIONAL.trained) {
    const options = { clipAlpha: expected.clipAlpha };
    assertClose(matmulTrain(x, pair, noise, options), expected.y, TOLERANCE, 'y');
    const gradients = matmulTrainGradients(dy, x, pair, noise, options);
    assertClose(gradients.theta, expected.theta, TOLERANCE, 'dθ');
    assertClose(gradients.logSigma2, expected.logSigma2, TOLERANCE, 'dλ');
    if (expected.x) assertClose(gradients.x, expected.x, TOLERANCE, 'dx');
    if (expected.kl) assertClose(klDivergence(pair, options), [expected.kl], TOLERANCE, 'KL');
  }
  const penalty = klDivergenceGradients(pair, { clipAlpha: 8 });
  assertClose(penalty.logSigma2, VARIATIONAL.klGradients.logSigma2, TOLERANCE, 'dKL/dλ');
  assertClose(penalty.theta, VARIATIONAL.klGradients.theta, TOLERANCE, 'dKL/dθ');
});

test('product at evaluation', () => {
  const pair = [PRODUCT.theta, VARIATIONAL.logSigma2] as const;
  assertClose(evaluationMask(pair), VARIATIONAL.mask, 0, 'mask');
  assertClose(matmulEval(PRODUCT.x, pair), VARIATIONAL.evaluated, TOLERANCE, 'y');
});

test('product of several positions with the noise of each batch element', () => {
  const { x, y } = VARIATIONAL.broadcast;
  const noise = denseTensor([2, 1, 2], VARIATIONAL.noise.data);
  const result = broadcastMatmulTrain(x, [PRODUCT.theta, VARIATIONAL.logSigma2], noise);
  assert.deepEqual(result.shape, [2, 2, 2]);
  assertClose(result, y, TOLERANCE, 'y');
});

test('recurrent cell over two steps', () => {
  const { theta, logSigma2, bias, noise, inputs, trained, evaluated } = VARIATIONAL_CELL;
  const cell = new RNNCell([theta, logSigma2], bias, 2);
  cell.train(inputs, noise).outputs.forEach((h, t) => {
    assertClose(h, trained[t], TOLERANCE, `h${t + 1}`);
  });
  cell.evaluate(inputs).outputs.forEach((h, t) => {
    assertClose(h, evaluated[t], TOLERANCE, `h${t + 1} at evaluation`);
  });
});

test('cells without noise are the plain ones', () => {
  const { inputs, output, memory, lstm, elman } = PLAIN_CELLS;
  const certain = (shape: readonly number[]) => filledTensor(shape, -50);
  const lstmCell = new LSTMCell([lstm.kernel, certain(lstm.kernel.shape)], lstm.bias, 1);
  const { state } = lstmCell.evaluate(inputs, [memory, output]);
  assertClose(state[0], [lstm.memory], TOLERANCE, 'c');
  assertClose(state[1], [lstm.output], TOLERANCE, 'm');
  const elmanCell = new RNNCell([elman.kernel, certain(elman.kernel.shape)], elman.bias, 1);
  assertClose(elmanCell.evaluate(inputs, [output]).outputs[0], [elman.output], TOLERANCE, 'h');
});
