import { loadTransformer, type Transformer } from '../src/models/transformer/model.ts';
import { batchesByLength } from '../src/models/transformer/translate-lines.ts';
import { transformerSize } from './comparison/layers.ts';
import { runBench } from './support/bench.ts';
import { type HostCounts, IdleDevice, processorMilliseconds } from './support/idle-device.ts';
import { madeTransformer } from './support/made-models.ts';
import { madeSentences, type NewsSentence, newstest2014 } from './support/newstest.ts';
import { startTable } from './support/table.ts';

/*
 * What translating the paper's test set costs the host: newstest2014, beam 4, on a device that computes nothing, taken for a GPU
 * whatever it is. A sentence is decided when it has as many tokens as its reference. A run before warms the engine up.
 *
 *     npm run bench -- host [--quick] [--json]
 */

interface HostResult extends HostCounts {
  readonly name: string;
  /** Sentences a batch. */
  readonly n: number;
  readonly sentences: number;
  /** From the first batch to the last. */
  readonly ms: number;
  /** Of the processor, all threads. */
  readonly processorMs: number;
}

const BEAM = 4;
/** As in the original. */
const EXTRA_LENGTH = 100;

await runBench('host', async ({ gpu, scale, say }) => {
  const all = scale === 'smoke' ? madeSentences() : await newstest2014();
  const sentences = scale === 'quick' ? all.filter((_, index) => index % 8 === 0) : all;
  const batch = scale === 'smoke' ? 2 : 32;
  const batches = batchesByLength(
    sentences.map(({ words }) => words),
    batch,
  ).map((positions) => positions.map((at) => sentences[at]));
  const checkpoint = await madeTransformer(transformerSize(scale), '0.9');
  const device = new IdleDevice(gpu);
  {
    using model = await loadTransformer(device.gpu, checkpoint);
    await translateAll(model, batches, device);
  }
  using model = await loadTransformer(device.gpu, checkpoint);
  device.restart();
  const [started, processor] = [performance.now(), processorMilliseconds()];
  await translateAll(model, batches, device);
  const result: HostResult = {
    name: scale === 'smoke' ? 'made up' : 'newstest2014',
    n: batch,
    sentences: sentences.length,
    ms: performance.now() - started,
    processorMs: processorMilliseconds() - processor,
    ...device.counts,
  };
  const { name, n, ...figures } = result;
  const print = startTable<[string, number]>(say, [
    { heading: `${name}, batches of ${n}`, width: 28, cell: ([what]) => what, align: 'left' },
    { heading: 'in all', width: 12, cell: ([, count]) => count.toFixed(0) },
    { heading: 'a step', width: 10, cell: ([, count]) => (count / result.steps).toFixed(2) },
  ]);
  for (const figure of Object.entries(figures)) print(figure);
  return { results: [result] };
});

async function translateAll(
  model: Transformer,
  batches: readonly (readonly NewsSentence[])[],
  device: IdleDevice,
): Promise<void> {
  for (const some of batches) {
    const lengths = some.map(({ referenceLength }) => referenceLength);
    const ids = some.map((sentence) => sentence.ids);
    const limit = Math.max(...ids.map(({ length }) => length)) + EXTRA_LENGTH;
    await device.follow({ lengths, steps: Math.min(limit, Math.max(...lengths)) }, () =>
      model.translate(ids, { beam: BEAM, extraLength: EXTRA_LENGTH, bestOnly: true }),
    );
  }
}
