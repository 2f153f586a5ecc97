import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { differentiation, Graph, openGpu, optimisers, Scope } from '../../src/layers.ts';
import * as train from '../../src/train.ts';
import { withDirectory } from '../io/support.ts';
import { smallTransformer } from '../train/run/small-runs.ts';

const SIZE = { hidden: 8, filter: 16, layers: 1, vocabulary: 12 };

test('a Transformer from nothing learns a batch, and its loss is read by one call', async () => {
  await using gpu = await openGpu({ allowSoftware: true });
  using scope = new Scope(gpu);
  const checkpoint = train.freshTransformer({ technique: 'dense', size: SIZE, seed: 1 });
  const model = await train.loadTrainableTransformer(scope, checkpoint, { heads: 2 });
  const pairs = [
    { inputs: [3, 4, 1], targets: [5, 1] },
    { inputs: [6, 1], targets: [7, 8, 1] },
  ];
  const [bucket] = train.lengthBuckets({ tokens: 8, longest: 4, shortest: 5 });
  assert.deepEqual(
    pairs.map((pair) => train.bucketOf([bucket], pair)),
    [bucket, bucket],
  );
  const shape = { sentences: 2, sourceLength: bucket.length, targetLength: bucket.length };
  const batch = train.allocateBatch(scope, model.config, shape);
  train.writeBatch(
    gpu,
    batch,
    pairs.map(({ inputs }) => inputs),
    pairs.map(({ targets }) => targets),
  );
  const graph = new Graph(gpu, 'training step');
  const training = train.transformerTrainingGraph(new differentiation.Tape(graph), model, batch, {
    labelSmoothing: train.regularization('none').labelSmoothing,
    penaltyWeight: scope.tensor('penalty weight', [1]),
    noise: () => assert.fail('dense training draws nothing'),
    clipAlpha: 8,
  });
  const adam = new optimisers.Adam(scope);
  optimisers.applyGradients(graph, adam, training.parameters, training.gradients);
  using plan = await graph.plan();
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    adam.prepare(0.01);
    plan.run();
    losses.push((await plan.read(training.loss))[0]);
  }
  for (const [i, loss] of losses.entries()) assert.ok(i === 0 || loss < losses[i - 1], losses.join(', '));
});

test('a residual network from nothing has the variables of its size, and pairs are packed into rows', async () => {
  const checkpoint = train.freshResNet({ technique: 'magnitude_pruning', size: { depth: 18, classes: 3 } });
  assert.deepEqual(checkpoint.info('resnet_model/final_dense/weights').shape, [512, 3]);
  const rows: train.PackedRow[] = [];
  for await (const row of train.packRows([{ inputs: [3, 1], targets: [4, 1] }], { length: 4 }))
    rows.push(row);
  assert.deepEqual(rows[0].inputs.segments, [1, 1]);
});

test('a study is read, done and brought into tables from here', async () => {
  await withDirectory(async (directory) => {
    const { model, ...settings } = await smallTransformer(directory, 'dense', { trainSteps: 4 });
    const { inputs, targets } = settings;
    const file = join(directory, 'own-study.json');
    const study: train.Study = { model, settings, runs: [{ name: 'a' }], test: { inputs, targets } };
    await writeFile(file, JSON.stringify(study));
    const { start, others } = train.studyRuns(await train.readStudy(file), file, (name) => name);
    assert.deepEqual([start, others.map(({ name }) => name)], [undefined, ['a']]);
    await using gpu = await openGpu({ allowSoftware: true });
    const folder = join(directory, 'sweep');
    const { results, tables } = await train.sweep(gpu, file, folder);
    assert.deepEqual(results, [await train.readRunResult(join(folder, 'results', 'a.json'))]);
    const made = [{ path: 'results.csv', text: train.summaryTable(results) }, ...train.resultTables(results)];
    assert.deepEqual(
      tables,
      made.map(({ path }) => path),
    );
    for (const { path, text } of made) assert.equal(await readFile(join(folder, path), 'utf8'), text);
  });
});
