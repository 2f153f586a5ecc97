import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { normals, type RandomKey, randomKey, uniforms } from '../../../src/base/random.ts';
import { elements, readWords, Scope } from '../../../src/graph/device/scope.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { uploadKey } from '../../../src/graph/operations/random.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { type DenseTensor, denseTensor } from '../../../src/layers/reference/tensor.ts';
import { freshTransformer } from '../../../src/models/fresh/fresh-transformer.ts';
import { drawnNoise, type NoiseRequest, type NoiseSource } from '../../../src/models/training/noise.ts';
import {
  checkDropout,
  NO_DROPOUT,
  regularization,
  type TransformerDropout,
} from '../../../src/models/transformer/dropout.ts';
import { loadTrainableTransformer, trainingGraph } from '../../../src/models/transformer/training.ts';
import { allocateBatch, writeBatch } from '../../../src/models/transformer/training-batch.ts';
import { asFloats, kept } from '../../support/compute.ts';
import { testGpu } from '../../support/gpu.ts';
import {
  type DroppedOut,
  float64Variables,
  type Variables,
  variationalTransformerLoss,
} from '../../support/variational-transformer.ts';

const SIZE = { hidden: 8, filter: 12, vocabulary: 11, layers: 1 };
const HEADS = 2;
const INPUTS = [
  [4, 7, 3, 1],
  [9, 1, 0, 0],
];
const TARGETS = [
  [5, 2, 1],
  [8, 1, 0],
];
const KEY = randomKey(77);

const CASES: Record<string, TransformerDropout> = {
  'of every kind': { layerPrepostprocess: 0.2, attention: 0.3, relu: 0.25 },
  'shared as on TPUs': {
    layerPrepostprocess: 0.3,
    attention: 0.3,
    relu: 0.4,
    layerPrepostprocessBroadcastDims: [1],
    attentionBroadcastDims: [0, 1],
    reluBroadcastDims: [1],
  },
};

for (const [name, dropout] of Object.entries(CASES)) {
  test(`dropout ${name}: loss and gradients are those of float64 for the same key`, async () => {
    const gpu = await testGpu();
    using scope = new Scope(gpu);
    // log σ² that matters, so that what is drawn for it is told from dropout.
    const checkpoint = freshTransformer({
      technique: 'variational_dropout',
      size: SIZE,
      initialLogSigma2: -4,
    });
    const model = await loadTrainableTransformer(scope, checkpoint, { heads: HEADS });
    const batch = allocateBatch(scope, model.config, { sentences: 2, sourceLength: 4, targetLength: 3 });
    writeBatch(gpu, batch, INPUTS, TARGETS);
    const graph = new Graph(gpu, 'training step');
    const streams = new Map<string, NoiseRequest & { stream: number }>();
    const draw = drawnNoise(graph, uploadKey(scope, KEY));
    const noise: NoiseSource = (request) => {
      assert.ok(!streams.has(request.site), `${request.site} draws twice`);
      streams.set(request.site, { ...request, stream: streams.size });
      return draw(request);
    };
    const training = trainingGraph(new Tape(graph), model, batch, {
      labelSmoothing: 0.1,
      dropout,
      clipAlpha: 8,
      penaltyWeight: scope.upload('penalty weight', [1], Float32Array.of(0)),
      noise,
    });
    const loss = kept(graph, scope, training.loss);
    const gradients = training.gradients.map((gradient) => kept(graph, scope, gradient));
    using plan = await graph.plan();
    plan.run();

    const variables = await float64Variables(checkpoint);
    const reference = (changed: Variables) =>
      variationalTransformerLoss(
        {
          scope: 'sparse_transformer',
          embedding: 'sparse_transformer/symbol_modality_11_8/shared/weights_0',
          heads: HEADS,
          clipAlpha: 8,
          labelSmoothing: 0.1,
          penaltyWeight: 0,
          inputs: INPUTS,
          targets: TARGETS,
          noise: (site) => normalsOf(streams.get(site)!, KEY),
          dropout: droppedOut(dropout, streams),
        },
        changed,
      );
    const expected = reference(variables);
    const actual = asFloats(await readWords(gpu, loss))[0];
    assert.ok(Math.abs(actual - expected) <= 1e-5 * expected, `loss ${actual}, expected ${expected}`);
    for (const [i, parameter] of training.parameters.entries()) {
      // Of the larger variables some elements: a difference costs two passes in float64.
      const { shape, data } = variables.get(parameter.name)!;
      const places = Array.from({ length: Math.min(data.length, 12) }, (_, k) => (k * 7919) % data.length);
      const values = asFloats(await readWords(gpu, gradients[i]));
      const differences = places.map((place) => {
        const at = (by: number) =>
          reference(
            new Map([...variables, [parameter.name, { shape, data: data.with(place, data[place] + by) }]]),
          );
        return (at(STEP) - at(-STEP)) / (2 * STEP);
      });
      const ours = Float32Array.from(places, (place) => values[place]);
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      differences.forEach((difference, k) => {
        const error = Math.abs(ours[k] - difference);
        assert.ok(
          error <= 5e-5 * scale + 1e-8,
          `${parameter.name}[${places[k]}] ${ours[k]}, expected ${difference}`,
        );
      });
    }
  });
}

test('presets are the original’s', () => {
  assert.deepEqual(regularization('none'), { dropout: NO_DROPOUT, labelSmoothing: 0 });
  assert.equal(regularization('muchmoredropout+label_smoothing').dropout.layerPrepostprocess, 0.5);
  assert.equal(regularization('muchmoredropout+label_smoothing').dropout.attention, 0.1);
  assert.throws(() => regularization('some' as 'none'), UsageError);
});

test('dropout that cannot be is refused', () => {
  assert.throws(() => checkDropout({ ...NO_DROPOUT, relu: 1 }), UsageError);
  assert.throws(() => checkDropout({ ...NO_DROPOUT, attention: Number.NaN }), UsageError);
  assert.throws(() => checkDropout({ ...NO_DROPOUT, reluBroadcastDims: [3] }), UsageError);
});

/** Small, lest a step cross the kink of a ReLU; in float64 its differences still have ten digits. */
const STEP = 1e-6;

/** Normal numbers of a stream as the reference takes them, `[batch, features]` rows. */
function normalsOf(
  { shape: [features, columns], stream, site }: NoiseRequest & { stream: number },
  key: RandomKey,
): DenseTensor {
  const values = normals(key, features * columns, stream);
  if (site === 'softmax') return denseTensor([columns, features], values);
  if (site === 'inputs') return denseTensor([2, 4, features], values);
  // The decoder reads padding, then the targets but for the last: the reference embeds first and moves on then.
  if (site === 'targets') {
    const length = TARGETS[0].length;
    const moved = Float64Array.from(values, (_, i) => {
      const [column, feature] = [Math.floor(i / features), i % features];
      return column % length === length - 1 ? 0 : values[(column + 1) * features + feature];
    });
    return denseTensor([2, length, features], moved);
  }
  return denseTensor([columns, 1, features], values);
}

function droppedOut(
  dropout: TransformerDropout,
  streams: ReadonlyMap<string, NoiseRequest & { stream: number }>,
): DroppedOut {
  const drawsOf = (site: string) => {
    const { shape, stream } = streams.get(site)!;
    return uniforms(KEY, elements({ shape }), stream);
  };
  return {
    activations(site, x) {
      const [rate, dims] = site.endsWith('/relu')
        ? [dropout.relu, dropout.reluBroadcastDims ?? []]
        : [
            dropout.layerPrepostprocess,
            site.endsWith('input') ? [] : (dropout.layerPrepostprocessBroadcastDims ?? []),
          ];
      const draws = drawsOf(site);
      const features = x.shape[2];
      const rows = x.shape[0] * x.shape[1];
      const length = site.includes('encoder') ? INPUTS[0].length : TARGETS[0].length;
      const data = x.data.map((value, i) => {
        const [row, feature] = [Math.floor(i / features), i % features];
        const draw = dims.includes(1)
          ? draws[feature * (rows / length) + Math.floor(row / length)]
          : draws[feature * rows + row];
        return draw < Math.fround(rate) ? 0 : value / (1 - rate);
      });
      return { shape: x.shape, data };
    },
    weight(site, { sentence, head, query, key }) {
      const { attention: rate, attentionBroadcastDims: dims = [] } = dropout;
      const keys = site.includes('decoder') && site.includes('self') ? TARGETS[0].length : INPUTS[0].length;
      const queries = site.includes('encoder/') ? INPUTS[0].length : TARGETS[0].length;
      const first = dims.length > 0 ? 0 : sentence * HEADS + head;
      return drawsOf(site)[(first * queries + query) * keys + key] < Math.fround(rate) ? 0 : 1 / (1 - rate);
    },
  };
}
