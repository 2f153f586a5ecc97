import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gpu } from '../../../src/graph/device/gpu.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { loadTransformer } from '../../../src/models/transformer/model.ts';
import { checkDecode, checkEncoder, checkLogits } from '../../support/check-golden-transformer.ts';
import { gpuAs } from '../../support/device-class.ts';
import { openTestCheckpoint, testFile } from '../../support/files.ts';
import { readGoldens, readGoldenTensors, tolerances } from '../../support/golden-transformer.ts';
import { testGpu } from '../../support/gpu.ts';
import { openManifest } from '../../support/manifest.ts';
import { sharedTest } from '../../support/shared.ts';

const GOLDENS = testFile('test', 'goldens', 'transformer');
const TECHNIQUES = [
  'dense',
  'magnitude_pruning',
  'random_pruning',
  'variational_dropout',
  'l0_regularization',
];

for (const technique of TECHNIQUES) {
  const directory = `${GOLDENS}/${technique}`;
  for (const format of ['sparse', 'dense'] as const) {
    test(`${technique}: encoder and logits equal the original's, ${format} kernels`, async () => {
      await checkForward(await openManifest(`${directory}/manifest.json`), directory, format);
    });
  }
  test(`${technique}: greedy and beam search find what the original finds`, async () => {
    await checkSearches(await openManifest(`${directory}/manifest.json`), directory);
  });
  sharedTest(
    `${technique}: the checkpoint TensorFlow wrote gives the same`,
    ['goldens', 'transformer', 'small', technique],
    async (path) => {
      const checkpoint = await openTestCheckpoint(`${path}/checkpoint`);
      await checkForward(checkpoint, path, undefined);
      await checkpoint.close();
    },
  );
}

test('the kernels of the other device class give the same', async () => {
  const directory = `${GOLDENS}/magnitude_pruning`;
  const checkpoint = await openManifest(`${directory}/manifest.json`);
  const golden = await readGoldens(directory);
  const tensor = await readGoldenTensors(directory);
  const gpu = await testGpu();
  using model = await load(
    checkpoint,
    golden.config,
    'sparse',
    await gpuAs(gpu.deviceClass === 'cpu' ? 'gpu' : 'cpu'),
  );
  const [batch] = golden.cases;
  await checkEncoder(model, batch, tensor, tolerances(golden).encoder);
  for (const decode of batch.decodes.filter((each) => each.decode_length < 10)) {
    await checkDecode(model, batch.input_ids, decode, golden);
  }
});

sharedTest(
  "the full-size model with the paper's 90 % masks equals the original",
  ['goldens', 'transformer', 'full', 'magnitude_pruning_0.9'],
  async (path) => {
    const checkpoint = await openManifest(`${path}/manifest.json`);
    const golden = await readGoldens(path);
    const tensor = await readGoldenTensors(path);
    const allowed = tolerances(golden);
    using model = await load(checkpoint, golden.config, undefined);
    const { nonzero, total } = golden.sparsity;
    assert.deepEqual([model.weights.nonzero, model.weights.total], [nonzero, total]);
    const [batch] = golden.cases;
    await checkEncoder(model, batch, tensor, allowed.encoder);
    await checkLogits(model, batch, tensor, allowed.logits);
    for (const decode of batch.decodes) await checkDecode(model, batch.input_ids, decode, golden);
  },
);

async function checkForward(
  checkpoint: Checkpoint,
  directory: string,
  format: 'sparse' | 'dense' | undefined,
): Promise<void> {
  const golden = await readGoldens(directory);
  const tensor = await readGoldenTensors(directory);
  const allowed = tolerances(golden);
  using model = await load(checkpoint, golden.config, format);
  for (const batch of golden.cases) {
    await checkEncoder(model, batch, tensor, allowed.encoder);
    await checkLogits(model, batch, tensor, allowed.logits);
  }
}

async function checkSearches(checkpoint: Checkpoint, directory: string): Promise<void> {
  const golden = await readGoldens(directory);
  using model = await load(checkpoint, golden.config, undefined);
  for (const { input_ids: ids, decodes } of golden.cases) {
    for (const decode of decodes) await checkDecode(model, ids, decode, golden);
  }
}

async function load(
  checkpoint: Checkpoint,
  { heads, log_alpha_threshold: logAlphaThreshold }: { heads: number; log_alpha_threshold?: number },
  format: 'sparse' | 'dense' | undefined,
  gpu?: Gpu,
) {
  return loadTransformer(gpu ?? (await testGpu()), checkpoint, { heads, logAlphaThreshold, format });
}
