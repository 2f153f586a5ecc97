import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords, Scope } from '../../../src/graph/device/scope.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { type DenseTensor, filledTensor } from '../../../src/layers/reference/tensor.ts';
import { freshTransformer } from '../../../src/models/fresh/fresh-transformer.ts';
import type { NoiseSource } from '../../../src/models/training/noise.ts';
import { loadTrainableTransformer, trainingGraph } from '../../../src/models/transformer/training.ts';
import {
  allocateBatch,
  type TrainingBatch,
  writeBatch,
  writePackedBatch,
} from '../../../src/models/transformer/training-batch.ts';
import { packedRow } from '../../../src/train/text/pack-rows.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';
import { asFloats, kept } from '../../support/compute.ts';
import { relativeError } from '../../support/golden-training.ts';
import { testGpu } from '../../support/gpu.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import {
  float64Variables,
  type Variables,
  variationalTransformerLoss,
} from '../../support/variational-transformer.ts';

const SIZE = { hidden: 8, filter: 12, vocabulary: 11, layers: 1 };
const HEADS = 2;
const PAIRS: readonly SentencePair[] = [
  { inputs: [4, 7, 3, 1], targets: [5, 2, 1] },
  { inputs: [9, 1], targets: [8, 6, 10, 1] },
  { inputs: [5, 1], targets: [3, 1] },
  { inputs: [2, 8, 1], targets: [7, 1] },
];
/** The last row has room for more, and is padded. */
const ROWS = [[PAIRS[0], PAIRS[1], PAIRS[2]], [PAIRS[3]]];
const ROW_LENGTH = 10;

for (const technique of ['dense', 'magnitude_pruning'] as const) {
  test(`${technique}: packed rows give the loss and the gradients of sentences in rows of their own`, async () => {
    const checkpoint = await withZeroRow(freshTransformer({ technique, size: SIZE, seed: 5 }), 8);
    const [packed, unpacked] = [await onDevice(checkpoint, true), await onDevice(checkpoint, false)];
    assertNear(packed.loss, unpacked.loss, 1e-6, 'loss');
    assert.ok(packed.gradients.size > 20);
    for (const [name, gradient] of packed.gradients) {
      const error = relativeError(gradient, unpacked.gradients.get(name)!);
      assert.ok(error < 1e-5, `gradient of ${name}: relative error ${error}`);
    }
  });
}

test('packed rows: loss and gradients are those of float64, which are those of unpacked sentences', async () => {
  const checkpoint = freshTransformer({ technique: 'variational_dropout', size: SIZE, seed: 6 });
  const { loss, gradients } = await onDevice(checkpoint, true);
  const variables = await float64Variables(checkpoint);
  const expected = float64Loss(variables, true);
  assert.ok(Math.abs(expected - float64Loss(variables, false)) < 1e-12 * expected, 'packed in float64');
  assertNear(loss, expected, 1e-5, 'loss');
  for (const [name, gradient] of gradients) {
    const { shape, data } = variables.get(name)!;
    const scale = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    for (let k = 0; k < Math.min(8, data.length); k++) {
      const place = (k * 7919) % data.length;
      const at = (by: number) =>
        float64Loss(
          new Map([...variables, [name, { shape, data: data.with(place, data[place] + by) }]]),
          true,
        );
      const difference = (at(STEP) - at(-STEP)) / (2 * STEP);
      const error = Math.abs(gradient[place] - difference);
      assert.ok(error <= 5e-5 * scale + 1e-8, `${name}[${place}] ${gradient[place]}, expected ${difference}`);
    }
  }
});

/** Small, lest a step cross the kink of a ReLU. */
const STEP = 1e-6;

/** Loss and gradients, without noise. */
async function onDevice(checkpoint: Checkpoint, packed: boolean) {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const model = await loadTrainableTransformer(scope, checkpoint, { heads: HEADS });
  const sentences = packed ? ROWS.length : PAIRS.length;
  const length = packed ? ROW_LENGTH : 5;
  const batch: TrainingBatch = allocateBatch(scope, model.config, {
    sentences,
    sourceLength: length,
    targetLength: length,
    packed,
  });
  if (packed) writePackedBatch(gpu, batch, ROWS.map(packedRow));
  else
    writeBatch(
      gpu,
      batch,
      PAIRS.map(({ inputs }) => inputs),
      PAIRS.map(({ targets }) => targets),
    );
  const noise: NoiseSource = ({ site, shape }) => scope.tensor(`no noise of ${site}`, shape);
  const graph = new Graph(gpu, 'training step');
  const training = trainingGraph(new Tape(graph), model, batch, {
    labelSmoothing: 0.1,
    clipAlpha: 8,
    penaltyWeight: scope.tensor('penalty weight', [1]),
    noise,
  });
  const loss = kept(graph, scope, training.loss);
  const gradients = training.gradients.map((gradient) => kept(graph, scope, gradient));
  using plan = await graph.plan();
  plan.run();
  const found = new Map<string, Float32Array>();
  for (const [i, { name }] of training.parameters.entries()) {
    found.set(name, asFloats(await readWords(gpu, gradients[i])));
  }
  return { loss: asFloats(await readWords(gpu, loss))[0], gradients: found };
}

/** The loss without noise, of packed rows or of a sentence a row. */
function float64Loss(variables: Variables, packed: boolean): number {
  const rows = packed ? ROWS.map(packedRow) : PAIRS.map((pair) => packedRow([pair]));
  const length = packed ? ROW_LENGTH : 5;
  const side = (name: 'inputs' | 'targets') => {
    const padded = (leaf: 'ids' | 'segments' | 'positions') =>
      rows.map((row) => Array.from({ length }, (_, i) => row[name][leaf][i] ?? 0));
    return { ids: padded('ids'), segments: padded('segments'), positions: padded('positions') };
  };
  const [inputs, targets] = [side('inputs'), side('targets')];
  return variationalTransformerLoss(
    {
      scope: 'sparse_transformer',
      embedding: 'sparse_transformer/symbol_modality_11_8/shared/weights_0',
      heads: HEADS,
      clipAlpha: 8,
      labelSmoothing: 0.1,
      penaltyWeight: 0,
      inputs: inputs.ids,
      targets: targets.ids,
      packed: packed ? { inputs, targets } : undefined,
      noise: (site) => noNoise(site, variables, { rows: rows.length, length }),
    },
    variables,
  );
}

/** Zeros of the shape that a site draws. */
function noNoise(
  site: string,
  variables: Variables,
  { rows, length }: { readonly rows: number; readonly length: number },
): DenseTensor {
  if (site === 'softmax') return filledTensor([rows * length, SIZE.vocabulary], 0);
  if (site === 'inputs' || site === 'targets') return filledTensor([rows, length, SIZE.hidden], 0);
  const isJoined = site.includes('/encoder/') && site.includes('/ffn/');
  return filledTensor([isJoined ? 1 : rows, 1, variables.get(site)!.shape[1]], 0);
}

/** The checkpoint with an embedding that is zero for a token, as pruning leaves rare ones: it reads as padding. */
async function withZeroRow(checkpoint: Checkpoint, token: number): Promise<Checkpoint> {
  const tensors: Parameters<typeof memoryCheckpoint>[0] = {};
  for (const name of checkpoint.names()) {
    const tensor = await checkpoint.read(name);
    if (name.endsWith('/weights_0')) {
      (tensor.data as Float32Array).fill(0, token * SIZE.hidden, (token + 1) * SIZE.hidden);
    }
    tensors[name] = tensor;
  }
  return memoryCheckpoint(tensors);
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  const error = Math.abs(actual - expected);
  assert.ok(error <= tolerance * Math.abs(expected), `${what} ${actual}, expected ${expected}`);
}
