import { resting } from '../../src/graph/device/resting.ts';
import { madeCheckpoint } from '../../src/models/full-size/made-checkpoint.ts';
import { resnetVariables } from '../../src/models/full-size/resnet-variables.ts';
import { loadResNet50, PICTURE_SIZE, PICTURE_VALUES } from '../../src/models/resnet50/model.ts';
import { DEVIATION, MEAN } from '../../src/models/resnet50/network.ts';
import { randomKey, uniforms } from '../../src/base/random.ts';
import { runBench } from '../support/bench.ts';
import { resnetSize } from '../support/layers.ts';
import { timeInRounds } from '../support/measure.ts';
import { onnxResNet50 } from './onnx-resnet50.mjs';
import { openOnnxModel } from './onnxruntime.mjs';
import { offerDevice } from './same-device.mjs';
import { assertClose } from './same-result.mjs';

/*
 * Our ResNet-50 at 90 % beside the same network run dense by onnxruntime-web: one picture, from pixels in memory to logits in
 * memory, on the same device. Checks that both compute the same. See README.md.
 */

const SPARSITY = 0.9;
/** Of the largest logit. */
const TOLERANCE = 1e-3;
const OUR_RUNS = 5;
/** Each can take a minute. */
const THEIR_RUNS = 2;

await runBench('peers-resnet50', async ({ gpu, scale, say }) => {
  offerDevice(gpu);
  const size = resnetSize(scale);
  const checkpoint = madeCheckpoint(resnetVariables(size), SPARSITY);
  const pixels = Float32Array.from(uniforms(randomKey(1), PICTURE_VALUES), (uniform) => 255 * uniform);
  const planes = normalisedPlanes(pixels);
  const ours = await loadResNet50(gpu, checkpoint);
  const theirs = await openOnnxModel(await onnxResNet50(checkpoint, size));
  const runOurs = () => ours.logits(pixels);
  const runTheirs = () => theirs.run(planes, [1, 3, PICTURE_SIZE, PICTURE_SIZE]);

  const difference = assertClose(await runTheirs(), await runOurs(), TOLERANCE, 'logits');
  const { nonzero, total } = ours.weights;
  say(`${nonzero} of ${total} weights are not zero; logits agree to ${difference.toExponential(1)} of the largest`);
  const own = await time(runOurs, OUR_RUNS);
  say(`tsos: ${own.ms.toFixed(0)} ms`);
  const dense = await time(runTheirs, THEIR_RUNS);
  ours.dispose();
  const ratio = dense.ms / own.ms;
  say(`${theirs.name}, dense: ${dense.ms.toFixed(0)} ms (${ratio.toFixed(1)} times as long)`);
  return {
    results: [
      {
        name: 'ResNet-50',
        sparsity: SPARSITY,
        n: 1,
        ...own,
        peers: [{ name: theirs.name, ...dense, ratio }],
        difference,
      },
    ],
  };
});

/** The median of so many runs. */
async function time(run, runs) {
  const sample = async () => {
    const started = performance.now();
    // As our own waits do: else the main thread takes a core from a software adapter while theirs waits.
    await resting(run());
    return performance.now() - started;
  };
  const [timing] = await timeInRounds([sample], { budgetMs: 0, minRounds: runs });
  return timing;
}

/** What our network makes of pixels `[224, 224, 3]` at first, as `[3, 224, 224]`. */
function normalisedPlanes(pixels) {
  const area = PICTURE_SIZE ** 2;
  return Float32Array.from({ length: 3 * area }, (_, i) => {
    const colour = Math.floor(i / area);
    return (pixels[3 * (i % area) + colour] - MEAN[colour]) / DEVIATION[colour];
  });
}
