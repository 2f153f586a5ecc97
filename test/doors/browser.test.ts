import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tsos from '../../src/browser.ts';
import { readBytes, readText, testFile } from '../support/files.ts';
import { testGpu } from '../support/gpu.ts';

const demo = (name: string) => testFile('demo', name);

test('an archive that is dropped translates lines, by a vocabulary from a text', async () => {
  const file = new File([await readBytes(demo('transformer.tar.gz'))], 'transformer.tar.gz');
  await using checkpoint = await tsos.openCheckpoint(file);
  using model = await tsos.loadTransformer(await testGpu(), checkpoint, { heads: 4 });
  const vocabulary = tsos.parseVocabulary(await readText(demo('vocabulary.subwords')));
  const options = { beam: 2, extraLength: 4 };
  const [{ translation }] = await tsos.translateLines(
    model,
    vocabulary,
    ['The technology is there.'],
    options,
  );
  assert.ok(translation.length > 0);
  assert.match(tsos.formatBleu(tsos.bleu([translation], [[translation]], { method: 'none' })), /BLEU/);
});

test('pictures at hand are classified and evaluated', async () => {
  await using checkpoint = await tsos.openCheckpoint(await readBytes(demo('resnet18.tar.gz')));
  using network = await tsos.loadResNet50(await testGpu(), checkpoint);
  const jpeg = await readBytes(demo('pictures/7.jpg'));
  const unlabelled = await tsos.openPictures([jpeg], { unlabelled: true });
  const classes: number[] = [];
  for await (const [picture] of tsos.classifyPictures(network, unlabelled)) {
    assert.ok('logits' in picture);
    classes.push(...tsos.mostProbable(picture.logits, 5).map((found) => found.class));
  }
  assert.equal(classes.length, 5);
  const pictures = await tsos.openPictures([new File([jpeg], 'a.jpg')], { labels: `a.jpg ${classes[1]}` });
  const { top1, top5 } = await tsos.evaluate(network, pictures);
  assert.deepEqual([top1, top5], [0, 1]);
});

test('a checkpoint is measured, pruned and converted in memory', async () => {
  await using sparse = await tsos.openCheckpoint(new Blob([await readBytes(demo('transformer.tar.gz'))]));
  const { sparsity } = await tsos.checkpointSparsity(sparse);
  assert.ok(sparsity > 0.89 && sparsity < 0.91, `${sparsity}`);
  await using dense = await tsos.openCheckpoint(
    await tsos.checkpointFiles('model.ckpt-1', denseTensors(sparse)),
  );
  const pruned = await tsos.checkpointFiles('model.ckpt-1', tsos.pruneCheckpoint(dense, { sparsity: 0.95 }));
  await using reopened = await tsos.openCheckpoint(pruned);
  assert.ok(Math.abs((await tsos.checkpointSparsity(reopened)).sparsity - 0.95) < 0.005);
  const { blob, written } = await tsos.tensorBlob(dense, 'safetensors');
  assert.equal(written, dense.names().length);
  await using tensors = await tsos.openCheckpoint(blob);
  assert.deepEqual(tensors.names(), dense.names());
  for (const name of tensors.names()) assert.deepEqual(await tensors.read(name), await dense.read(name));
});

test('a device is that of the runtime; where it has none, the door that brings one is named', async () => {
  if (globalThis.navigator?.gpu) {
    await using gpu = await tsos.openGpu({ allowSoftware: true });
    assert.ok(gpu.describe().includes(gpu.adapter.runtime));
  } else {
    await assert.rejects(tsos.openGpu(), (error: Error) => {
      assert.ok(error instanceof tsos.AdapterError);
      assert.match(error.message, /^No WebGPU under .*: import openGpu from "tsos"/);
      return true;
    });
  }
});

async function* denseTensors(checkpoint: tsos.Checkpoint): AsyncGenerator<tsos.NamedTensor> {
  for await (const tensor of tsos.readTensors(checkpoint)) {
    if (!/\/(mask|threshold)$/.test(tensor.name)) yield tensor;
  }
}
