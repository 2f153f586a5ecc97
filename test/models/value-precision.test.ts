import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { loadResNet50 } from '../../src/models/resnet50/model.ts';
import { loadTransformer } from '../../src/models/transformer/model.ts';
import { testGpu } from '../support/gpu.ts';
import { nearestHalf } from '../support/halves.ts';
import { type MemoryTensor, memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { randomFrom } from '../support/random.ts';
import { tinyResNet } from '../support/tiny-resnet.ts';
import { tinyTransformer } from '../support/tiny-transformer.ts';

for (const format of ['sparse', 'dense'] as const) {
  test(`a Transformer held in 16 bits is the one whose matrices have the nearest values, ${format}`, async () => {
    const gpu = await testGpu();
    const checkpoint = tinyTransformer('magnitude_pruning');
    const ids = [[3, 5, 7, 1]];
    using held = await loadTransformer(gpu, checkpoint, { heads: 2, format, valuePrecision: 'f16' });
    using rounded = await loadTransformer(gpu, await roundedMatrices(checkpoint), { heads: 2, format });
    using whole = await loadTransformer(gpu, checkpoint, { heads: 2, format });
    const logits = await held.logits(ids, [[4, 2, 1]]);
    assert.deepEqual([...logits], [...(await rounded.logits(ids, [[4, 2, 1]]))]);
    assert.notDeepEqual([...logits], [...(await whole.logits(ids, [[4, 2, 1]]))]);
    assert.deepEqual(await held.translate(ids), await rounded.translate(ids));
  });
}

test('a ResNet held in 16 bits is smaller and gives nearly the same', async () => {
  const gpu = await testGpu();
  const checkpoint = memoryCheckpoint(tinyResNet({ depth: 18, technique: 'magnitude_pruning' }));
  const random = randomFrom(3);
  const picture = Float32Array.from({ length: 224 * 224 * 3 }, () => 255 * random());
  using held = await loadResNet50(gpu, checkpoint, { valuePrecision: 'f16' });
  using whole = await loadResNet50(gpu, checkpoint);
  assert.ok(held.byteLength < whole.byteLength);
  const [logits, exact] = [await held.logits(picture), await whole.logits(picture)];
  const largest = Math.max(...exact.map(Math.abs));
  const error = Math.max(...logits.map((logit, i) => Math.abs(logit - exact[i])));
  assert.ok(error > 0 && error < 0.01 * largest, `off by ${error} of ${largest}`);
});

test('a precision that there is not is refused', async () => {
  const valuePrecision = 'f8' as unknown as 'f16';
  const gpu = await testGpu();
  const transformer = tinyTransformer('magnitude_pruning');
  await assert.rejects(
    loadTransformer(gpu, transformer, { heads: 2, valuePrecision }),
    /valuePrecision is "f8"/,
  );
  const resnet = memoryCheckpoint(tinyResNet({ depth: 18, technique: 'magnitude_pruning' }));
  await assert.rejects(loadResNet50(gpu, resnet, { valuePrecision }), /valuePrecision is "f8"/);
});

test('a format that there is not is refused', async () => {
  const format = 'csr' as unknown as 'sparse';
  const gpu = await testGpu();
  const says = /format is "csr", expected sparse, dense/;
  await assert.rejects(
    loadTransformer(gpu, tinyTransformer('magnitude_pruning'), { heads: 2, format }),
    says,
  );
  const resnet = memoryCheckpoint(tinyResNet({ depth: 18, technique: 'magnitude_pruning' }));
  await assert.rejects(loadResNet50(gpu, resnet, { format }), says);
});

/** A copy with every matrix that products take rounded to 16 bits. */
async function roundedMatrices(checkpoint: Checkpoint): Promise<Checkpoint> {
  const tensors: Record<string, MemoryTensor> = {};
  for (const name of checkpoint.names()) {
    const tensor = await checkpoint.read(name);
    const isMatrix = /\/(weights|weights_0|kernel)$/.test(name) && !name.includes('target_space');
    assert.ok(tensor.data instanceof Float32Array);
    tensors[name] = isMatrix ? { ...tensor, data: tensor.data.map(nearestHalf) } : tensor;
  }
  return memoryCheckpoint(tensors);
}
