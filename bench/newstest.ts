import type { Gpu } from '../src/graph/open-gpu.ts';
import { loadTransformer } from '../src/models/transformer/model.ts';
import { batchesByLength } from '../src/models/transformer/translate-lines.ts';
import { transformerSize } from './comparison/layers.ts';
import type { Scale } from './comparison/scale.ts';
import { runBench } from './support/bench.ts';
import { madeTransformer } from './support/made-models.ts';
import { madeSentences, type NewsSentence, newstest2014 } from './support/newstest.ts';
import { startTable } from './support/table.ts';

/*
 * How long the paper's test set takes to translate, newstest2014 with its 3,003 sentences, beam 4, with 90 % of the weights
 * zero. The weights are made up and never end a sentence, so each batch is given as many steps as the longest of its reference
 * translations has subwords; none leaves a batch early, which makes real models a quarter faster. Every so many batches are
 * timed where all would take hours, and the others taken to be like them.
 *
 *     npm run bench -- newstest [--quick] [--json]
 */

interface NewstestResult {
  readonly name: string;
  readonly sparsity: number;
  /** Sentences a batch. */
  readonly n: number;
  readonly sentences: number;
  /** Of those, so many were translated. */
  readonly timed: number;
  /** Subwords of the references of all sentences. */
  readonly tokens: number;
  /** For all sentences. */
  readonly ms: number;
  readonly tokensPerSecond: number;
}

const SPARSITY = '0.9';
const BEAM = 4;

/** @returns sentences a batch, and how many batches there are for each that is timed */
function settingsFor({ deviceClass }: Gpu, scale: Scale): { batch: number; every: number }[] {
  if (scale === 'smoke') return [{ batch: 2, every: 2 }];
  if (deviceClass === 'cpu') return [scale === 'quick' ? { batch: 8, every: 375 } : { batch: 32, every: 24 }];
  return scale === 'quick'
    ? [{ batch: 128, every: 4 }]
    : [
        { batch: 32, every: 1 },
        { batch: 128, every: 1 },
      ];
}

await runBench('newstest', async ({ gpu, scale, say }) => {
  const sentences = scale === 'smoke' ? madeSentences() : await newstest2014();
  using model = await loadTransformer(gpu, await madeTransformer(transformerSize(scale), SPARSITY));
  const print = startTable<NewstestResult>(say, [
    { heading: 'batch', width: 6, cell: ({ n }) => String(n) },
    { heading: 'sentences', width: 10, cell: ({ sentences }) => String(sentences) },
    { heading: 'timed', width: 6, cell: ({ timed }) => String(timed) },
    { heading: 'seconds', width: 9, cell: ({ ms }) => (ms / 1000).toFixed(1) },
    { heading: 'tokens/s', width: 9, cell: ({ tokensPerSecond }) => tokensPerSecond.toFixed(1) },
  ]);
  const results: NewstestResult[] = [];
  for (const { batch, every } of settingsFor(gpu, scale)) {
    const words = sentences.map((sentence) => sentence.words);
    const batches = batchesByLength(words, batch).map((positions) => positions.map((at) => sentences[at]));
    // From the middle of every run of batches, as they fall in length.
    const timed = batches.filter((_, index) => index % every === Math.min(every, batches.length) >> 1);
    // Kernels are compiled, and chosen, by a step before.
    for (const some of timed)
      await model.translate(
        some.map(({ ids }) => ids),
        { beam: BEAM, maxLength: 1 },
      );
    const started = performance.now();
    for (const some of timed) {
      const maxLength = Math.max(...some.map(({ referenceLength }) => referenceLength));
      const search = { beam: BEAM, maxLength, bestOnly: true };
      await model.translate(
        some.map(({ ids }) => ids),
        search,
      );
    }
    const took = performance.now() - started;
    const count = timed.reduce((sum, some) => sum + some.length, 0);
    const ms = (took * stepsOf(batches)) / stepsOf(timed);
    const tokens = sentences.reduce((sum, { referenceLength }) => sum + referenceLength, 0);
    const result = {
      name: scale === 'smoke' ? 'made up' : 'newstest2014',
      sparsity: Number(SPARSITY),
      n: batch,
      sentences: sentences.length,
      timed: count,
      tokens,
      ms,
      tokensPerSecond: (1000 * tokens) / ms,
    };
    print(result);
    results.push(result);
  }
  return { results };
});

/** Steps of all batches, a sentence each. */
function stepsOf(batches: readonly (readonly NewsSentence[])[]): number {
  return batches.reduce(
    (sum, some) => sum + some.length * Math.max(...some.map(({ referenceLength }) => referenceLength)),
    0,
  );
}
