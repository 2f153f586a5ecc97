import { Scope } from '../src/graph/device/scope.ts';
import { Graph } from '../src/graph/plan/graph.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import type { ConvolutionWeight } from '../src/graph/weights/convolution-weight.ts';
import type { Weight } from '../src/graph/weights/weight.ts';
import type { Checkpoint } from '../src/io/checkpoint/checkpoint-types.ts';
import { EVALUATION_SIZE } from '../src/io/pictures/evaluation-picture.ts';
import { type ResNetSize, resnetLayers } from '../src/models/full-size/resnet-layers.ts';
import { readConfig } from '../src/models/resnet50/config.ts';
import { pictureValues } from '../src/models/resnet50/model.ts';
import { addResNet } from '../src/models/resnet50/network.ts';
import { loadWeights, type ResNetWeights } from '../src/models/resnet50/weights.ts';
import { resnetSize } from './comparison/layers.ts';
import { measure } from './comparison/measure.ts';
import type { Scale } from './comparison/scale.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { madeResNet } from './support/made-models.ts';
import { type ModelResult, modelResult, type Products, startModelTable } from './support/model-result.ts';

/*
 * The whole ResNet-50 at 90 %, each layer sparse or dense as the library chooses, against the same on our dense kernels:
 * one pass over pictures that are on the device.
 *
 *     npm run bench -- resnet50 [--quick] [--json]
 */

const SPARSITY = '0.9';

await runBench('resnet50', async (run) => {
  const { gpu, scale, say } = run;
  using scope = new Scope(gpu);
  const size = resnetSize(scale);
  const checkpoint = await madeResNet(size, SPARSITY);
  const sparse = await load(scope, checkpoint, undefined);
  const dense = await load(scope, checkpoint, 'dense');
  const layers = layersOf(sparse);
  const variant = `${layers.filter(isSparse).length} of ${layers.length} sparse`;
  const print = startModelTable(say, 'pictures');
  const results: (ModelResult & { arenaBytes: number })[] = [];
  for (const batch of batches(gpu, scale)) {
    using ends = new Scope(gpu);
    using own = await planFor(ends, sparse, batch, size);
    using theirs = await planFor(ends, dense, batch, size);
    const [timing, denseTiming] = await measure(gpu, [own, theirs], run.rounds);
    const what = {
      name: 'ResNet-50',
      sparsity: Number(SPARSITY),
      n: batch,
      variant,
      unit: 'pictures' as const,
    };
    const counts = { units: batch, products: products(layers, size, batch) };
    const result = modelResult(run, what, counts, timing, denseTiming);
    print(result);
    results.push({ ...result, arenaBytes: own.arenaBytes });
  }
  say(
    `\nactivations of one pass: ${results.map(({ n, arenaBytes }) => `${(arenaBytes / 2 ** 20).toFixed(1)} MiB at batch ${n}`).join(', ')}`,
  );
  return { results };
});

function batches({ deviceClass }: BenchRun['gpu'], scale: Scale): number[] {
  if (scale !== 'full') return [1];
  return deviceClass === 'cpu' ? [1, 4] : [1, 4, 16, 64];
}

async function load(
  scope: Scope,
  checkpoint: Checkpoint,
  format: 'dense' | undefined,
): Promise<ResNetWeights> {
  return loadWeights(scope, checkpoint, await readConfig(checkpoint, {}), { format });
}

/** The network on made-up pictures; they and the logits belong to the scope. */
function planFor(ends: Scope, weights: ResNetWeights, batch: number, { classes }: ResNetSize): Promise<Plan> {
  const pixels = Float32Array.from(
    { length: batch * pictureValues(EVALUATION_SIZE) },
    (_, i) => (i * 37) % 256,
  );
  const pictures = ends.upload('pictures', [batch, EVALUATION_SIZE, EVALUATION_SIZE, 3], pixels);
  const logits = ends.tensor('logits', [classes, Math.ceil(batch / 4) * 4]);
  const graph = new Graph(ends.gpu, `ResNet, ${batch} pictures`);
  addResNet(graph, weights, pictures, logits);
  return graph.plan();
}

type Layer = ConvolutionWeight | Weight;

/** In any order: they know their names. */
function layersOf({ initial, groups, dense }: ResNetWeights): Layer[] {
  const blocks = groups.flat().flatMap(({ projection, main }) => [projection, ...main]);
  return [initial, ...blocks, dense].filter((layer) => layer !== undefined);
}

function isSparse(layer: Layer): boolean {
  return (layer.kind === 'pointwise' ? layer.weight : layer).kind === 'sparse';
}

/** Products of a batch: every weight meets each pixel of its layer's output. */
function products(weights: readonly Layer[], size: ResNetSize, batch: number): Products {
  const nonzeros = new Map(weights.map(({ name, nnz }) => [name, nnz]));
  let kept = 0;
  let all = 0;
  for (const { name, rows, cols, outSide } of resnetLayers(size)) {
    kept += nonzeros.get(name)! * outSide ** 2 * batch;
    all += rows * cols * outSide ** 2 * batch;
  }
  return { kept, all };
}
