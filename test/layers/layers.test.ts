import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKey } from '../../src/base/random.ts';
import * as l0 from '../../src/layers/l0-regularization/index.ts';
import { ACTIVATIONS, type ActivationName } from '../../src/layers/reference/activation.ts';
import { constant, glorotUniform, normal } from '../../src/layers/reference/initializers.ts';
import { type DenseTensor, denseTensor } from '../../src/layers/reference/tensor.ts';
import * as vd from '../../src/layers/variational-dropout/index.ts';
import fc from '../support/fast-check.ts';
import { holds } from '../support/property.ts';
import { randomFrom } from '../support/random.ts';
import { assertNear } from './closeness.ts';
import { featureMajor, onDevice } from './device-forms.ts';
import { assertGradient } from './differences.ts';
import { randomNormal, randomTensor } from './linear-case.ts';

const key = randomKey(11);
const convolution = { strides: [1, 1], padding: 'SAME' } as const;
const activations = fc.constantFrom<ActivationName>('linear', 'relu', 'sigmoid', 'tanh');

/** A layer of any kind with an input that fits. */
function layerOf(
  technique: 'vd' | 'l0',
  kind: 'dense' | 'conv',
  activation: ActivationName,
  useBias: boolean,
) {
  const options = {
    key,
    activation,
    useBias,
    biasInitializer: normal(0, 1),
    logSigma2Initializer: constant(-2),
    logAlphaInitializer: constant(0.3),
  };
  const { FullyConnected, Conv2D } = technique === 'vd' ? vd : l0;
  return kind === 'dense'
    ? { layer: new FullyConnected(3, 2, options), x: randomTensor(randomFrom(1), [4, 3]) }
    : {
        layer: new Conv2D(2, 3, [2, 3], { ...options, ...convolution }),
        x: randomTensor(randomFrom(2), [1, 3, 4, 2]),
      };
}

const layers = fc.record({
  technique: fc.constantFrom('vd' as const, 'l0' as const),
  kind: fc.constantFrom('dense' as const, 'conv' as const),
  activation: activations,
  useBias: fc.boolean(),
});

test('a layer is its operation, its bias and its activation', () => {
  fc.assert(
    fc.property(layers, ({ technique, kind, activation, useBias }) => {
      const { layer, x } = layerOf(technique, kind, activation, useBias);
      const operation = operationOf(technique, kind);
      for (const [found, plain] of [
        [layer.train(x, key), operation.train(x, layer.pair as Pair, key)],
        [layer.evaluate(x), operation.evaluate(x, layer.pair as Pair)],
      ]) {
        assert.deepEqual(found.shape, plain.shape);
        const expected = plain.data.map((value, i) =>
          ACTIVATIONS[activation].of(value + (layer.bias?.data[i % layer.bias.data.length] ?? 0)),
        );
        assertNear(found.data, expected, 1e-12, 'result');
      }
      assert.equal(layer.bias === undefined, !useBias);
    }),
  );
});

type Pair = readonly [DenseTensor, DenseTensor];

/** What a layer does before its bias: with the defaults of layers, which clip log α to ±8. */
function operationOf(technique: 'vd' | 'l0', kind: 'dense' | 'conv') {
  const clip = { clipAlpha: 8 };
  const { matmulEval, conv2dEval } = technique === 'vd' ? vd : l0;
  const matmulTrain = (x: DenseTensor, pair: Pair, noise: typeof key) =>
    technique === 'vd' ? vd.matmulTrain(x, pair, noise, clip) : l0.matmulTrain(x, pair, noise);
  const conv2dTrain = (x: DenseTensor, pair: Pair, noise: typeof key) =>
    technique === 'vd'
      ? vd.conv2dTrain(x, pair, noise, { ...convolution, ...clip })
      : l0.conv2dTrain(x, pair, noise, convolution);
  return kind === 'dense'
    ? { train: matmulTrain, evaluate: (x: DenseTensor, pair: Pair) => matmulEval(x, pair) }
    : { train: conv2dTrain, evaluate: (x: DenseTensor, pair: Pair) => conv2dEval(x, pair, convolution) };
}

test('gradients of layers are those of central differences', async () => {
  await holds(
    fc.asyncProperty(layers, async ({ technique, kind, activation, useBias }) => {
      const { layer, x } = layerOf(technique, kind, activation, useBias);
      const dy = randomTensor(randomFrom(3), layer.evaluate(x).shape);
      const loss = (y: DenseTensor) => y.data.reduce((sum, value, i) => sum + value * dy.data[i], 0);
      const found: Record<string, unknown> = { ...layer.trainGradients(dy, x, key) };
      const check = (name: string, at: DenseTensor, of: (moved: DenseTensor) => number) =>
        assertGradient(found[name] as DenseTensor, at, async (moved) => of(moved), 1e-6, name);
      await check('x', x, (moved) => loss(layer.train(moved, key)));
      const variables = layer as unknown as Record<string, DenseTensor>;
      const companion = technique === 'vd' ? 'logSigma2' : 'logAlpha';
      for (const name of ['kernel', companion, ...(useBias ? ['bias'] : [])]) {
        const { data } = variables[name];
        const values = data.slice();
        await check(name, variables[name], (moved) => {
          // Variables are changed in place, as training does.
          data.set(moved.data);
          const result = loss(layer.train(x, key));
          data.set(values);
          return result;
        });
      }
      if (!useBias) assert.equal(found.bias, undefined);
    }),
    24,
  );
});

test('layers begin as the original’s do, and the same key begins the same', () => {
  const variational = new vd.FullyConnected(30, 40, { key });
  assert.ok(variational.logSigma2.data.every((value) => value === -10));
  assert.ok(variational.bias!.data.every((value) => value === 0));
  const limit = Math.sqrt(6 / 70);
  assert.ok(variational.kernel.data.every((value) => Math.abs(value) <= limit));
  assert.ok(variational.kernel.data.some((value) => Math.abs(value) > 0.99 * limit));
  assert.deepEqual(new vd.FullyConnected(30, 40, { key }).kernel, variational.kernel);
  assert.notDeepEqual(new vd.FullyConnected(30, 40, { key: randomKey(12) }).kernel, variational.kernel);
  const gated = new l0.FullyConnected(30, 40, { key });
  const mean = gated.logAlpha.data.reduce((sum, value) => sum + value, 0) / 1200;
  // 5 standard deviations of the mean.
  assert.ok(Math.abs(mean - 2.197) < (5 * 0.01) / Math.sqrt(1200));
  assert.ok(gated.logAlpha.data.every((value) => Math.abs(value - 2.197) < 0.06));
  for (const { Conv2D } of [vd, l0]) {
    const layer = new Conv2D(2, 5, [3, 4], { key, ...convolution });
    assert.deepEqual(layer.kernel.shape, [3, 4, 2, 5]);
    assert.equal(layer.bias, undefined);
  }
  const taps = glorotUniform([3, 4, 2, 5], key);
  assert.ok(taps.data.every((value) => Math.abs(value) <= Math.sqrt(6 / (12 * 7))));
});

test('the penalty of a layer is that of its weights, with its own clipping', () => {
  const options = { key, logSigma2Initializer: constant(-30) };
  for (const clipAlpha of [8, 2, undefined]) {
    const layer = new vd.FullyConnected(3, 2, { ...options, clipAlpha });
    assert.deepEqual(layer.penalty(), vd.klDivergence(layer.pair, { clipAlpha }));
  }
  assert.deepEqual(
    new vd.FullyConnected(3, 2, options).penalty().data[0],
    new vd.FullyConnected(3, 2, { ...options, clipAlpha: 8 }).penalty().data[0],
  );
  const gated = new l0.FullyConnected(3, 2, { key, gamma: -0.2 });
  assert.deepEqual(gated.penalty(), l0.l0Norm(gated.logAlpha, { gamma: -0.2 }));
});

test('sparsity counts what evaluation drops, all weights together and layer by layer', () => {
  const theta = denseTensor([4], [0, 1, 1e-3, 2]);
  const variances = denseTensor([4], [-10, -10, -10, 5]);
  const small = [denseTensor([2], [1, 1]), denseTensor([2], [0, 4])] as const;
  // log α: 8.4, -10, 3.8, 3.6; 0, 4.
  assert.deepEqual(vd.weightSparsity([[theta, variances], small]), { global: 4 / 6, layers: [3 / 4, 1 / 2] });
  assert.deepEqual(vd.weightSparsity([small], { threshold: 5 }), { global: 0, layers: [0] });
  const gates = denseTensor([4], [3, -3, -2, 0]);
  // A weight of 0 counts, whatever its gate.
  assert.deepEqual(l0.weightSparsity([[theta, gates]]), { global: 1 / 2, layers: [1 / 2] });
  assert.throws(() => l0.weightSparsity([]), /no weights to count/);
});

test('on the device, operation, bias and activation together are the layer', async () => {
  for (const activation of Object.keys(ACTIVATIONS) as ActivationName[]) {
    const options = { key, activation, biasInitializer: normal(0, 1), logSigma2Initializer: constant(-2) };
    const layer = new vd.FullyConnected(3, 5, options);
    const x = randomTensor(randomFrom(4), [7, 3]);
    const noise = randomNormal(randomFrom(5), [7, 5]);
    const { y } = await onDevice((tape, { tensor }) => {
      const pair = [tensor(layer.kernel), tensor(layer.logSigma2)] as const;
      const [columns, drawn] = [tensor(featureMajor(x)), tensor(featureMajor(noise))];
      const product = vd.onDevice.matmulTrain(tape, columns, pair, drawn, { clipAlpha: 8 });
      const result = vd.onDevice.activated(tape, product, tensor(layer.bias!), activation);
      return { y: { tensor: result, shape: [7, 5], featureMajor: true } };
    });
    assertNear(y.data, layer.train(x, noise).data, 1e-5, activation);
  }
});
