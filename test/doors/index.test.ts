import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as browser from '../../src/browser.ts';
import * as tsos from '../../src/index.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));
const TRANSFORMER = join(DEMO, 'transformer.tar.gz');
const RESNET = join(DEMO, 'resnet18.tar.gz');
const PICTURE = join(DEMO, 'pictures/7.jpg');

let gpu: tsos.Gpu;
let directory: string;

before(async () => {
  gpu = await tsos.openGpu({ allowSoftware: true });
  directory = await mkdtemp(join(tmpdir(), 'tsos-door-'));
});

after(async () => {
  await gpu.close();
  await rm(directory, { recursive: true });
});

test('translates lines and scores translations', async () => {
  await using checkpoint = await tsos.openCheckpoint(TRANSFORMER);
  using model = await tsos.loadTransformer(gpu, checkpoint);
  const vocabulary = await tsos.loadVocabulary(join(DEMO, 'vocabulary.subwords'));
  const lines = ['The technology is there.', 'Hello!'];
  const translations = await tsos.translateLines(model, vocabulary, lines, { beam: 2, extraLength: 4 });
  assert.deepEqual(
    translations.map(({ source }) => source),
    lines,
  );
  const texts = translations.map(({ translation }) => translation);
  assert.ok(texts.every((text) => text.length > 0));
  const words = 'one two three four five six';
  const result: tsos.BleuResult = tsos.bleu([words], [[words]], { method: 'none' });
  assert.match(tsos.formatBleu(result), /100\.0/);
});

test('tells what is in pictures, and how often it is right, as numbers beside the exact counts', async () => {
  await using checkpoint = await tsos.openCheckpoint(RESNET);
  using network = await tsos.loadResNet50(gpu, checkpoint);
  const unlabelled = await tsos.openPictures([PICTURE], { unlabelled: true });
  const classes: number[] = [];
  for await (const batch of tsos.classifyPictures(network, unlabelled)) {
    for (const each of batch) {
      if ('logits' in each) classes.push(...tsos.mostProbable(each.logits, 5).map((found) => found.class));
    }
  }
  assert.equal(classes.length, 5);

  const labels = join(directory, 'labels.txt');
  await writeFile(labels, `7.jpg ${classes[1]}\n`);
  const pictures = await tsos.openPictures([PICTURE], { labels });
  const { top1, top5, loss, totals }: tsos.Evaluation = await tsos.evaluate(network, pictures);
  assert.deepEqual([top1, top5, totals.pictures, totals.top1, totals.top5], [0, 1, 1, 0, 1]);
  assert.ok(loss !== null && loss > 0);

  const output = join(directory, 'part.json');
  const part = await tsos.evaluateToFile(network, pictures, { checkpoint, output });
  const read = await tsos.readEvaluationPart(output);
  assert.deepEqual(read, part);
  const result = tsos.evaluationResult(tsos.mergeEvaluations([read]));
  assert.deepEqual([result.top1, result.top5], [top1, top5]);
  assert.ok(result.loss !== null && result.loss > loss, 'the weights have their share of the loss');
});

test('measures, prunes, writes and converts checkpoints, into folders that were not there', async () => {
  await using sparse = await tsos.openCheckpoint(TRANSFORMER);
  const { sparsity } = await tsos.checkpointSparsity(sparse);
  assert.ok(sparsity > 0.89 && sparsity < 0.91, `${sparsity}`);

  const dense = join(directory, 'new', 'folder', 'model.ckpt-1');
  await tsos.writeCheckpoint(dense, denseTensors(sparse));
  await using checkpoint = await tsos.openCheckpoint(dense);
  const pruned = join(directory, 'pruned', 'model.ckpt-1');
  await tsos.writeCheckpoint(pruned, tsos.pruneCheckpoint(checkpoint, { sparsity: 0.95 }));
  await using reopened = await tsos.openCheckpoint(pruned);
  assert.ok(Math.abs((await tsos.checkpointSparsity(reopened)).sparsity - 0.95) < 0.005);

  const file = join(directory, 'model.safetensors');
  const { written } = await tsos.writeSafetensors(file, checkpoint);
  assert.equal(written, checkpoint.names().length);
  await tsos.writeNpz(join(directory, 'model.npz'), checkpoint);
  assert.equal((await readFile(join(directory, 'model.npz'))).subarray(0, 2).toString(), 'PK');
});

test('knows what the paper published', async () => {
  assert.equal(tsos.PUBLISHED_CHECKPOINTS.length, 49);
  const [first] = tsos.selectCheckpoints({ model: 'rn50' });
  assert.equal(tsos.publishedCheckpoint(first.name), first);
  await assert.rejects(
    tsos.fetchCheckpoint(first, { cache: directory, from: 'ftp://nowhere' }),
    tsos.UsageError,
  );
});

/** The variables of a pruned checkpoint by the names they have in a dense one. */
async function* denseTensors(checkpoint: tsos.Checkpoint): AsyncGenerator<tsos.NamedTensor> {
  for await (const tensor of tsos.readTensors(checkpoint)) {
    if (!/\/(mask|threshold)$/.test(tensor.name)) yield tensor;
  }
}

test('the door for browsers has the same names, but for those that need a disk', () => {
  const missing = Object.keys(tsos).filter((name) => !(name in browser));
  assert.deepEqual(missing.sort(), [
    'cacheDirectory',
    'checkpointPath',
    'evaluateToFile',
    'evaluationResult',
    'fetchCheckpoint',
    'fetchNewstest',
    'fetchVocabulary',
    'mergeEvaluations',
    'namedCheckpoints',
    'parseChecksums',
    'readEvaluationPart',
    'recordFolder',
    'writeCheckpoint',
    'writeNpz',
    'writeSafetensors',
  ]);
});
