import { test } from 'node:test';
import type { GraphTensor } from '../../../src/graph/plan/node.ts';
import { denseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import * as device from '../../../src/layers/variational-dropout/on-device.ts';
import { featureMajor, type Output, onDevice } from '../device-forms.ts';
import {
  assertClose,
  KL_DIVERGENCE,
  LOG_ALPHA,
  PLAIN_CELLS,
  PRODUCT,
  PRODUCT_CASE,
  VARIATIONAL,
  VARIATIONAL_CELL,
} from '../golden-vectors.ts';
import type { LinearCase } from '../linear-case.ts';
import { VARIATIONAL_FORMS } from './forms.ts';

const TOLERANCE = 1e-5;
const [, forms] = VARIATIONAL_FORMS;

const pair = [PRODUCT.theta, VARIATIONAL.logSigma2] as const;

test('log α on the device and back', async () => {
  const column = (at: 0 | 1 | 2) =>
    denseTensor(
      [LOG_ALPHA.length],
      LOG_ALPHA.map((row) => row[at]),
    );
  const results = await onDevice((tape, { tensor }) => {
    const theta = tensor(column(1));
    const logAlpha = device.computeLogAlpha(tape, tensor(column(0)), theta, { valueLimit: undefined });
    const output = (result: GraphTensor) => ({
      tensor: result,
      shape: [LOG_ALPHA.length],
      featureMajor: false,
    });
    return {
      free: output(logAlpha),
      clipped: output(device.computeLogAlpha(tape, tensor(column(0)), theta)),
      back: output(device.computeLogSigma2(tape, logAlpha, theta)),
    };
  });
  const logAlpha = [...column(2).data];
  assertClose(results.free, logAlpha, TOLERANCE, 'log α');
  assertClose(
    results.clipped,
    logAlpha.map((a) => Math.min(8, Math.max(-8, a))),
    TOLERANCE,
    'clipped log α',
  );
  assertClose(results.back, [...column(0).data], TOLERANCE, 'log σ²');
});

test('KL divergence of the device and its derivative', async () => {
  // With θ = 1 and ε = 0, log σ² is log α.
  const shape = [KL_DIVERGENCE.length];
  const at = [
    filledTensor(shape, 1),
    denseTensor(
      shape,
      KL_DIVERGENCE.map(([a]) => a),
    ),
  ] as const;
  const { logSigma2 } = await forms.klDivergenceGradients(at, { epsilon: 0 });
  assertClose(
    logSigma2,
    KL_DIVERGENCE.map(([, , slope]) => slope),
    TOLERANCE,
    "KL'",
  );
  for (const [logAlpha, divergence] of KL_DIVERGENCE) {
    const one = [denseTensor([1], [1]), denseTensor([1], [logAlpha])] as const;
    const found = await forms.klDivergence(one, { epsilon: 0 });
    // Relative also where the divergence is small: nothing cancels.
    assertClose([found / divergence], [1], TOLERANCE, `KL(${logAlpha})`);
  }
});

test('product with noise on the device, for three ways of clipping, with its gradients and its penalty', async () => {
  for (const expected of VARIATIONAL.trained) {
    const options = { clipAlpha: expected.clipAlpha };
    assertClose(
      await forms.train(PRODUCT_CASE, pair, VARIATIONAL.noise, options),
      expected.y,
      TOLERANCE,
      'y',
    );
    const gradients = await forms.gradients(PRODUCT.dy, PRODUCT_CASE, pair, VARIATIONAL.noise, options);
    assertClose(gradients.theta, expected.theta, TOLERANCE, 'dθ');
    assertClose(gradients.logSigma2, expected.logSigma2, TOLERANCE, 'dλ');
    if (expected.x) assertClose(gradients.x!, expected.x, TOLERANCE, 'dx');
    if (expected.kl) assertClose([await forms.klDivergence(pair, options)], [expected.kl], TOLERANCE, 'KL');
  }
  const penalty = await forms.klDivergenceGradients(pair, { clipAlpha: 8 });
  assertClose(penalty.logSigma2, VARIATIONAL.klGradients.logSigma2, TOLERANCE, 'dKL/dλ');
  assertClose(penalty.theta, VARIATIONAL.klGradients.theta, TOLERANCE, 'dKL/dθ');
});

test('product at evaluation and product of several positions on the device', async () => {
  assertClose(await forms.evaluate(PRODUCT_CASE, pair), VARIATIONAL.evaluated, TOLERANCE, 'y');
  const { x, y } = VARIATIONAL.broadcast;
  const broadcast: LinearCase = { kind: 'broadcast', x, weights: [3, 2], result: [2, 2, 2], seed: 0 };
  const noise = denseTensor([2, 1, 2], VARIATIONAL.noise.data);
  assertClose(await forms.train(broadcast, pair, noise), y, TOLERANCE, 'y of positions');
});

test('recurrent cells on the device', async () => {
  const given = VARIATIONAL_CELL;
  const results = await onDevice((tape, { tensor }) => {
    const cell = new device.RNNCell([tensor(given.theta), tensor(given.logSigma2)], tensor(given.bias), 2);
    const inputs = given.inputs.map((x) => tensor(featureMajor(x)));
    const noise = { input: tensor(featureMajor(given.noise.input)), hidden: tensor(given.noise.hidden) };
    const outputs: Record<string, Output> = {};
    cell.train(tape, inputs, noise).outputs.forEach((h, t) => {
      outputs[`trained ${t}`] = { tensor: h, shape: [1, 2], featureMajor: true };
    });
    cell.evaluate(tape, inputs).outputs.forEach((h, t) => {
      outputs[`evaluated ${t}`] = { tensor: h, shape: [1, 2], featureMajor: true };
    });
    return outputs;
  });
  for (const kind of ['trained', 'evaluated'] as const) {
    given[kind].forEach((h, t) => {
      assertClose(results[`${kind} ${t}`], h, TOLERANCE, `${kind} ${t}`);
    });
  }
});

test('an LSTM on the device without noise is the plain one', async () => {
  const { inputs, output, memory, lstm } = PLAIN_CELLS;
  const results = await onDevice((tape, { tensor }) => {
    const certain = filledTensor(lstm.kernel.shape, -50);
    const cell = new device.LSTMCell([tensor(lstm.kernel), tensor(certain)], tensor(lstm.bias), 1);
    const state = [tensor(memory), tensor(output)];
    const [c, m] = cell.evaluate(
      tape,
      inputs.map((x) => tensor(featureMajor(x))),
      state,
    ).state;
    return {
      c: { tensor: c, shape: [1, 1], featureMajor: true },
      m: { tensor: m, shape: [1, 1], featureMajor: true },
    };
  });
  assertClose(results.c, [lstm.memory], TOLERANCE, 'c');
  assertClose(results.m, [lstm.output], TOLERANCE, 'm');
});
