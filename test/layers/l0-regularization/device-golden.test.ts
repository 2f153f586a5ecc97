import { test } from 'node:test';
import * as device from '../../../src/layers/l0-regularization/on-device.ts';
import { denseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import { featureMajor, onDevice } from '../device-forms.ts';
import {
  assertClose,
  GATED,
  GATES,
  HARD_CONCRETE,
  PLAIN_CELLS,
  PRODUCT,
  PRODUCT_CASE,
} from '../golden-vectors.ts';
import { GATED_FORMS } from './forms.ts';

const TOLERANCE = 1e-5;
const [, forms] = GATED_FORMS;

const vector = (values: readonly number[]) => denseTensor([values.length], values);

test('hard concrete gate on the device and its derivative', async () => {
  const logAlpha = vector(HARD_CONCRETE.map(([a]) => a));
  const u = vector(HARD_CONCRETE.map(([, value]) => value));
  assertClose(
    await forms.sample(logAlpha, u),
    HARD_CONCRETE.map(([, , gate]) => gate),
    TOLERANCE,
    'gate',
  );
  assertClose(
    await forms.sampleSlope(logAlpha, u),
    HARD_CONCRETE.map(([, , , slope]) => slope),
    TOLERANCE,
    "gate'",
  );
});

test('gate of evaluation on the device and probability that a gate is not 0', async () => {
  const logAlpha = vector(GATES.map(([a]) => a));
  assertClose(
    await forms.mean(logAlpha),
    GATES.map(([, gate]) => gate),
    TOLERANCE,
    'gate',
  );
  for (const [a, , active] of GATES) {
    assertClose([await forms.l0Norm(vector([a]))], [active], TOLERANCE, `P(gate ≠ 0 | ${a})`);
  }
});

test('product with drawn gates on the device, with its gradients and its penalty', async () => {
  const { theta, dy } = PRODUCT;
  const { logAlpha, noise } = GATED;
  const pair = [theta, logAlpha] as const;
  assertClose(await forms.train(PRODUCT_CASE, pair, noise), GATED.trained, TOLERANCE, 'y');
  const gradients = await forms.gradients(dy, PRODUCT_CASE, pair, noise);
  assertClose(gradients.theta, GATED.theta, TOLERANCE, 'dθ');
  assertClose(gradients.logAlpha, GATED.dLogAlpha, TOLERANCE, 'da');
  assertClose(await forms.evaluate(PRODUCT_CASE, pair), GATED.evaluated, TOLERANCE, 'y at evaluation');
  assertClose([await forms.l0Norm(logAlpha)], [GATED.norm], TOLERANCE, 'L0 norm');
});

test('cells on the device whose gates are all 1 are the plain ones', async () => {
  const { inputs, output, memory, lstm, elman } = PLAIN_CELLS;
  const results = await onDevice((tape, { tensor }) => {
    const open = (shape: readonly number[]) => tensor(filledTensor(shape, 50));
    const steps = inputs.map((x) => tensor(featureMajor(x)));
    const lstmCell = new device.LSTMCell(
      [tensor(lstm.kernel), open(lstm.kernel.shape)],
      tensor(lstm.bias),
      1,
    );
    const u = tensor(filledTensor(lstm.kernel.shape, 0.5));
    const [c, m] = lstmCell.train(tape, steps, u, [tensor(memory), tensor(output)]).state;
    const elmanCell = new device.RNNCell(
      [tensor(elman.kernel), open(elman.kernel.shape)],
      tensor(elman.bias),
      1,
    );
    const [h] = elmanCell.evaluate(tape, steps, [tensor(output)]).outputs;
    const one = { shape: [1, 1], featureMajor: true };
    return { c: { tensor: c, ...one }, m: { tensor: m, ...one }, h: { tensor: h, ...one } };
  });
  assertClose(results.c, [lstm.memory], TOLERANCE, 'c');
  assertClose(results.m, [lstm.output], TOLERANCE, 'm');
  assertClose(results.h, [elman.output], TOLERANCE, 'h');
});
