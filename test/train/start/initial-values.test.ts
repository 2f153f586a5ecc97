import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../../../src/io/exchange/export.ts';
import { freshTransformer } from '../../../src/models/fresh/fresh-transformer.ts';
import { withInitialValues } from '../../../src/train/start/initial-values.ts';
import { withDirectory } from '../../io/support.ts';

const size = { hidden: 8, filter: 16, layers: 1, vocabulary: 12 };
const DENSE = 'sparse_transformer/body/encoder/layer_0/ffn/conv1/kernel';
const PRUNED = 'sparse_transformer/body/encoder/layer_0/ffn/conv1/fully_connected/weights';
const MASK = PRUNED.replace('weights', 'mask');

test('a dense model gives weights to a pruned one, and masks come from another', async () => {
  await withDirectory(async (directory) => {
    const dense = freshTransformer({ technique: 'dense', size, seed: 1 });
    const prefix = join(directory, 'dense');
    await writeCheckpoint(prefix, readTensors(dense));
    const pruned = () => freshTransformer({ technique: 'magnitude_pruning', size, seed: 2 });
    const warm = await withInitialValues(pruned(), { warmStartFrom: prefix });
    assert.deepEqual((await warm.start.read(PRUNED)).data, (await dense.read(DENSE)).data);
    assert.deepEqual((await warm.start.read(MASK)).data, (await pruned().read(MASK)).data);
    assert.match(warm.notes[0], /dense: gives \d+ variables/);
    await warm.close();

    const masks = join(directory, 'masks');
    const half = async function* () {
      for await (const tensor of readTensors(pruned())) {
        const { name, data } = tensor;
        yield name === MASK ? { ...tensor, data: (data as Float32Array).map((_, i) => i % 2) } : tensor;
      }
    };
    await writeCheckpoint(masks, half());
    const ticket = await withInitialValues(pruned(), { loadMasksFrom: masks, loadWeightsFrom: prefix });
    assert.deepEqual((await ticket.start.read(MASK)).data.slice(0, 4), Float32Array.of(0, 1, 0, 1));
    assert.deepEqual((await ticket.start.read(PRUNED)).data, (await dense.read(DENSE)).data);
    await ticket.close();

    const wide = freshTransformer({ technique: 'dense', size: { ...size, hidden: 16 } });
    const message = /has float32 \[.*; give the sizes of that model/;
    await assert.rejects(withInitialValues(wide, { warmStartFrom: prefix }), { exitCode: 3, message });
    const none = withInitialValues(pruned(), { warmStartFrom: join(directory, 'none') });
    await assert.rejects(none, { exitCode: 3 });
  });
});
