import { Scope } from '../src/graph/device/scope.ts';
import type { Gpu } from '../src/graph/open-gpu.ts';
import { Graph } from '../src/graph/plan/graph.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import type { Weight } from '../src/graph/weights/weight.ts';
import type { TransformerSize } from '../src/models/full-size/transformer-variables.ts';
import { bucket } from '../src/models/transformer/batching.ts';
import { readConfig } from '../src/models/transformer/config.ts';
import { Decoding } from '../src/models/transformer/decoding.ts';
import { addEncoder, allocateSource, writeSource } from '../src/models/transformer/encoder.ts';
import { LoadedModel } from '../src/models/transformer/loaded-model.ts';
import { loadWeights, type TransformerWeights } from '../src/models/transformer/weights.ts';
import { transformerSize } from './comparison/layers.ts';
import { SPARSITIES } from './comparison/matrices.ts';
import { measure, type Timing, timeInRounds } from './comparison/measure.ts';
import type { Scale } from './comparison/scale.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { madeTransformer } from './support/made-models.ts';
import { type ModelResult, modelResult, type Products, startModelTable } from './support/model-result.ts';

/*
 * The whole Transformer, each matrix sparse or dense as the library chooses, against the same on our dense kernels: the
 * encoder alone, a translation with beam 4 from ids to ids, and what a step of its decoder takes (the translation without
 * the encoder, over its steps).
 *
 *     npm run bench -- transformer [--quick] [--json]
 */

interface Setting {
  readonly sparsities: readonly string[];
  readonly batches: readonly number[];
  /** Tokens of a source sentence. */
  readonly length: number;
  /** Tokens of a translation. */
  readonly steps: number;
}

function settingFor({ deviceClass }: Gpu, scale: Scale): Setting {
  if (scale === 'smoke') return { sparsities: ['0.9'], batches: [2], length: 5, steps: 4 };
  if (scale === 'quick') return { sparsities: ['0.9'], batches: [8], length: 14, steps: 4 };
  // The sentences of newstest2014 have 27 tokens on average.
  const full = { sparsities: SPARSITIES, length: 27 };
  return deviceClass === 'cpu'
    ? { ...full, batches: [1, 8], steps: 27 }
    : { ...full, batches: [1, 8, 32, 128], steps: 60 };
}

const BEAM = 4;
const ALPHA = 0.6;

/** What is timed of a model. */
const PARTS = ['encode', 'step', 'translate'] as const;
type Part = (typeof PARTS)[number];

await runBench('transformer', async (run) => {
  const size = transformerSize(run.scale);
  const setting = settingFor(run.gpu, run.scale);
  using scope = new Scope(run.gpu);
  const dense = await load(scope, size, setting.sparsities[0], 'dense');
  const sparse: LoadedModel[] = [];
  for (const sparsity of setting.sparsities) sparse.push(await load(scope, size, sparsity, undefined));
  const print = startModelTable(run.say, 'tokens');
  const results: ModelResult[] = [];
  for (const batch of setting.batches) {
    const [denseTimings, ...timings] = await timeModels(run, [dense, ...sparse], batch, setting);
    sparse.forEach((model, index) => {
      const sparsity = Number(setting.sparsities[index]);
      const what = { sparsity, n: batch, variant: sparseShare(model.weights), unit: 'tokens' as const };
      const counts = countParts(model.weights, batch, setting);
      for (const name of PARTS) {
        const timing = timings[index][name];
        const result = modelResult(run, { name, ...what }, counts[name], timing, denseTimings[name]);
        print(result);
        results.push(result);
      }
    });
  }
  return { results };
});

/** @param scope owns the weights */
async function load(
  scope: Scope,
  size: TransformerSize,
  sparsity: string,
  format: 'dense' | undefined,
): Promise<LoadedModel> {
  const checkpoint = await madeTransformer(size, sparsity);
  const config = await readConfig(checkpoint, {});
  return new LoadedModel(scope, config, await loadWeights(scope, checkpoint, config, { format }));
}

/** Times the parts of all models against each other. */
async function timeModels(
  { gpu, rounds }: BenchRun,
  models: readonly LoadedModel[],
  batch: number,
  { length, steps }: Setting,
): Promise<Record<Part, Timing>[]> {
  using scope = new Scope(gpu);
  const { vocabulary } = models[0];
  const ids = Array.from({ length: batch }, (_, b) =>
    Array.from({ length }, (_, t) => 2 + ((b * 7919 + t * 104_729) % (vocabulary - 2))),
  );
  const encoders = await Promise.all(models.map((model) => encoderPlan(scope, model, ids)));
  const encode = await measure(gpu, encoders, rounds);
  for (const plan of encoders) plan.dispose();

  const shape = { sentences: batch, beam: BEAM, stopEarly: true };
  const decodings = models.map((model) => new Decoding(model, shape));
  const translate = await timeInRounds(
    await Promise.all(decodings.map((decoding) => translation(decoding, ids, steps))),
    rounds,
  );
  for (const decoding of decodings) decoding.dispose();
  return models.map((_, index) => ({
    encode: encode[index],
    step: { ...translate[index], ms: (translate[index].ms - encode[index].ms) / steps },
    translate: translate[index],
  }));
}

function encoderPlan(scope: Scope, model: LoadedModel, ids: readonly (readonly number[])[]): Promise<Plan> {
  const { gpu, config, weights } = model;
  const [{ length }] = ids;
  const stride = bucket(length, gpu.deviceClass);
  const offsets = model.sourceOffsets(stride);
  const source = allocateSource(scope, config.hidden, offsets, { sentences: ids.length, stride });
  writeSource(gpu, source, ids, length);
  const graph = new Graph(gpu, 'encoder');
  addEncoder(graph, config, weights, source);
  return graph.plan();
}

/** Milliseconds of a translation, whose plans a short one has built before. */
async function translation(
  decoding: Decoding,
  ids: readonly (readonly number[])[],
  steps: number,
): Promise<() => Promise<number>> {
  const input = { ids, extent: ids[0].length, alpha: ALPHA, bestOnly: false };
  await decoding.run({ ...input, limit: 1 });
  return async () => {
    const started = performance.now();
    await decoding.run({ ...input, limit: steps });
    return performance.now() - started;
  };
}

/** Units and products of every part; each sentence of a step gives one token, whatever its beam. */
function countParts(
  weights: TransformerWeights,
  batch: number,
  { length, steps }: Setting,
): Record<Part, { units: number; products: Products }> {
  const { encoder, memory, decoder } = matricesOf(weights);
  const encode = productsWith(encoder, batch * length);
  const step = productsWith(decoder, batch * BEAM);
  const once = productsWith(memory, batch * length);
  const total = (key: keyof Products) => encode[key] + once[key] + steps * step[key];
  return {
    encode: { units: batch * length, products: encode },
    step: { units: batch, products: step },
    translate: { units: batch * steps, products: { kept: total('kept'), all: total('all') } },
  };
}

function productsWith(matrices: readonly Weight[], columns: number): Products {
  return {
    kept: columns * matrices.reduce((sum, { nnz }) => sum + nnz, 0),
    all: columns * matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
  };
}

/** Matrices that meet every source token in the encoder, those that do behind it, and those that meet every hypothesis. */
function matricesOf({ embedding, encoder, decoder }: TransformerWeights) {
  const own = ({ attention, feedForward }: TransformerWeights['encoder'][number]): Weight[] => [
    attention.project,
    attention.output,
    feedForward.expand,
    feedForward.contract,
  ];
  return {
    encoder: encoder.flatMap(own),
    memory: decoder.map(({ crossAttention }) => crossAttention.keyValue),
    decoder: [
      ...decoder.flatMap(own),
      ...decoder.flatMap(({ crossAttention: { query, output } }) => [query, output]),
      embedding,
    ],
  };
}

function sparseShare(weights: TransformerWeights): string {
  const matrices = Object.values(matricesOf(weights)).flat();
  return `${matrices.filter(({ kind }) => kind === 'sparse').length} of ${matrices.length} sparse`;
}
