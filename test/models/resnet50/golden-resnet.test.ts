import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convolution, normalisePictures } from '../../../src/graph/operations/convolution-operations.ts';
import { uploadConvolution } from '../../../src/graph/weights/convolution-weight.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { readEffectiveMatrix } from '../../../src/layers/effective-weights.ts';
import { ResNetVariables } from '../../../src/layers/resnet-sites.ts';
import { loadResNet50 } from '../../../src/models/resnet50/model.ts';
import { DEVIATION, MEAN, STAGES } from '../../../src/models/resnet50/network.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { channelsLast } from '../../support/convolutions.ts';
import { gpuAs } from '../../support/device-class.ts';
import { openTestCheckpoint } from '../../support/files.ts';
import {
  assertNear,
  checkStage,
  GOLDEN_RESNET_CASES,
  GOLDEN_RESNETS,
  goldenPictures,
  goldenTensor,
  largestMagnitude,
  readGoldenResNet,
} from '../../support/golden-resnet.ts';
import { testGpu } from '../../support/gpu.ts';
import { openManifest } from '../../support/manifest.ts';
import { sharedPath, sharedTest } from '../../support/shared.ts';

for (const name of GOLDEN_RESNET_CASES) {
  const directory = `${GOLDEN_RESNETS}/${name}`;
  for (const format of ['sparse', 'dense'] as const) {
    test(`${name}: logits and stages equal the original's, ${format} kernels`, async () => {
      const checkpoint = await openManifest(`${directory}/manifest.json`);
      await checkLogits(checkpoint, directory, format);
      await checkStages(checkpoint, directory, format);
    });
  }
  sharedTest(
    `${name}: the checkpoint TensorFlow wrote gives the same`,
    ['goldens', 'resnet50', 'A_small', name],
    async (path) => {
      const checkpoint = await openTestCheckpoint(path);
      await checkLogits(checkpoint, path, undefined);
      await checkpoint.close();
    },
  );
}

for (const name of ['threshold_magnitude_0.9', 'variational_dropout']) {
  sharedTest(
    `${name}: the full-size network equals the original`,
    ['goldens', 'resnet50', 'B_full', name],
    async (path) => {
      const { log_alpha_threshold: logAlphaThreshold, argmax } = await readGoldenResNet(path);
      const checkpoint = await openManifest(`${path}/manifest.json`);
      using model = await loadResNet50(await testGpu(), checkpoint, { logAlphaThreshold });
      const logits = await model.logits(await photographs());
      const expected = await goldenTensor(path, 'logits');
      assertNear(logits, expected, largestMagnitude(expected), 'logits');
      assert.deepEqual(
        argmax,
        [0, 1].map((picture) => {
          const own = logits.subarray(picture * 1000, (picture + 1) * 1000);
          return own.indexOf(Math.max(...own));
        }),
      );
    },
  );
}

test('the kernels of the other device class give the same', async () => {
  const directory = `${GOLDEN_RESNETS}/threshold_d50_w8_sharded3`;
  const gpu = await testGpu();
  const other = await gpuAs(gpu.deviceClass === 'cpu' ? 'gpu' : 'cpu');
  const checkpoint = await openManifest(`${directory}/manifest.json`);
  for (const format of ['sparse', 'dense'] as const) await checkLogits(checkpoint, directory, format, other);
});

async function checkLogits(
  checkpoint: Checkpoint,
  directory: string,
  format: 'sparse' | 'dense' | undefined,
  gpu?: Awaited<ReturnType<typeof testGpu>>,
): Promise<void> {
  const golden = await readGoldenResNet(directory);
  const expected = await goldenTensor(directory, 'logits');
  const { log_alpha_threshold: logAlphaThreshold, num_label_classes: classes } = golden;
  using model = await loadResNet50(gpu ?? (await testGpu()), checkpoint, { logAlphaThreshold, format });
  assert.equal(model.config.depth, golden.depth);
  const logits = await model.logits(await goldenPictures());
  assert.deepEqual(logits.shape, [2, classes]);
  assertNear(logits, expected, largestMagnitude(expected), 'logits');
  golden.argmax.forEach((best, picture) => {
    const own = logits.subarray(picture * classes, (picture + 1) * classes);
    assert.equal(own.indexOf(Math.max(...own)), best);
  });
}

async function checkStages(
  checkpoint: Checkpoint,
  directory: string,
  format: 'sparse' | 'dense',
): Promise<void> {
  const golden = await readGoldenResNet(directory);
  const { log_alpha_threshold: logAlphaThreshold } = golden;
  using model = await loadResNet50(await testGpu(), checkpoint, { logAlphaThreshold, format });
  const input = await goldenPictures();
  const stages = await model.stages(input);
  // The original's first stage is before its batch normalisation, which here is folded into the convolution.
  const initial = await initialConvolution(checkpoint, golden, input, format);
  for (const stage of STAGES) {
    const values = stage === 'initial_conv' ? initial : stages.get(stage)!;
    for (const picture of [0, 1]) {
      const size = values.length / 2;
      checkStage(golden, stage, picture, values.slice(picture * size, (picture + 1) * size));
    }
  }
}

async function initialConvolution(
  checkpoint: Checkpoint,
  golden: { log_alpha_threshold: number },
  input: Float32Array,
  format: 'sparse' | 'dense',
): Promise<Float32Array> {
  using model = await loadResNet50(await testGpu(), checkpoint, { format });
  const { site, technique } = new ResNetVariables(checkpoint).layer('initial_conv', model.config.technique);
  const matrix = await readEffectiveMatrix(checkpoint, site, technique, {
    transpose: true,
    threshold: golden.log_alpha_threshold,
  });
  const { y } = await compute(await testGpu(), (graph, scope) => {
    const weight = uploadConvolution(
      scope,
      'initial',
      matrix,
      { size: 7, stride: 2, padBefore: 3 },
      { format },
    );
    const uploaded = scope.upload('pictures', [2, 224, 224, 3], input);
    return { y: convolution(graph, weight, normalisePictures(graph, uploaded, MEAN, DEVIATION)).tensor };
  });
  return channelsLast(asFloats(y), matrix.rows, 2 * 112 * 112);
}

/** The two that the goldens of the full-size networks are for, after the original's preprocessing. */
async function photographs(): Promise<Float32Array> {
  const directory = sharedPath('goldens', 'resnet50', 'C_input');
  const both = ['base_420_photo_dog', 'base_444_tower'].map((name) =>
    goldenTensor(directory, `preprocess_eval/${name}`),
  );
  const pixels = new Float32Array(2 * 224 * 224 * 3);
  (await Promise.all(both)).forEach((picture, index) => {
    pixels.set(picture, index * picture.length);
  });
  return pixels;
}
