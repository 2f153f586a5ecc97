import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceError, DisposedError, UsageError } from '../../../src/base/errors.ts';
import type { ShapedFloats } from '../../../src/base/shaped-floats.ts';
import type { Technique } from '../../../src/base/technique.ts';
import type { ResNetOptions } from '../../../src/models/resnet50/config.ts';
import { loadResNet50, type ResNet50 } from '../../../src/models/resnet50/model.ts';
import { gpuAs } from '../../support/device-class.ts';
import { testGpu } from '../../support/gpu.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { randomFrom } from '../../support/random.ts';
import { tinyResNet } from '../../support/tiny-resnet.ts';

const SIZE = 224 * 224 * 3;
const CLASSES = 10;

test('pictures of another size than 224 are refused with theirs, and so are none', async () => {
  using model = await tiny();
  const wrong: [pixels: Float32Array & { shape?: number[] }, says: RegExp][] = [
    [shaped([1, 256, 256, 3]), /pixels are \[1, 256, 256, 3\] .*\[B, 224, 224, 3\]/],
    [shaped([224, 224, 3]), /pixels are \[224, 224, 3\]/],
    [shaped([1, 3, 224, 224]), /pixels are \[1, 3, 224, 224\]/],
    [
      Object.assign(new Float32Array(SIZE), { shape: [2, 224, 224, 3] }),
      /\[2, 224, 224, 3\] with 150528 values/,
    ],
    [new Float32Array(SIZE - 1), /150527 values/],
    [new Float32Array(0), /0 values.*at least one picture/],
    [new Uint8Array(SIZE) as never, /pixels are of type Uint8Array, expected a Float32Array/],
    [new Float64Array(SIZE) as never, /pixels are of type Float64Array, expected a Float32Array/],
  ];
  for (const [pixels, says] of wrong) {
    await assert.rejects(
      model.logits(pixels),
      (error) => error instanceof UsageError && says.test(error.message),
    );
    await assert.rejects(model.stages(pixels), UsageError);
  }
});

// Passes of 4 pictures on the software adapter: 6 are one and a half.
for (const format of ['sparse', 'dense'] as const) {
  test(`a picture has the same logits in whatever batch, bit for bit, ${format} kernels`, async () => {
    using model = await tiny({ technique: 'magnitude_pruning' }, { format });
    const all = pictures(6, 1);
    const together = await model.logits(all);
    assert.deepEqual(together.shape, [6, CLASSES]);
    assert.equal(new Set(together).size, together.length, 'all logits differ');
    for (const [first, count] of [
      [0, 1],
      [5, 1],
      [1, 3],
      [2, 4],
    ]) {
      const alone = await model.logits(all.slice(first * SIZE, (first + count) * SIZE));
      assert.deepEqual([...alone], [...together.subarray(first * CLASSES, (first + count) * CLASSES)]);
    }
  });
}

test('calls made at once give each what it gives alone', async () => {
  using model = await tiny();
  const inputs = [pictures(1, 2), pictures(2, 3), pictures(1, 4), pictures(2, 5)];
  const alone: ShapedFloats[] = [];
  for (const input of inputs) alone.push(await model.logits(input));
  const [together, stages] = await Promise.all([
    Promise.all(inputs.map((input) => model.logits(input))),
    model.stages(inputs[0]),
  ]);
  together.forEach((logits, i) => {
    assert.deepEqual([...logits], [...alone[i]]);
    assert.deepEqual(logits.shape, alone[i].shape);
  });
  assert.deepEqual(stages.get('block_group4')?.shape, [1, 7, 7, 16]);
});

test('a call that fails does not stop the next one', async () => {
  using model = await tiny();
  const input = pictures(1, 6);
  const [failed, after] = await Promise.allSettled([model.logits(new Float32Array(5)), model.logits(input)]);
  assert.equal(failed.status, 'rejected');
  assert.ok(after.status === 'fulfilled' && after.value.length === CLASSES);
});

test('a model that was disposed says so, and may be disposed again', async () => {
  const model = await tiny();
  await model.logits(pictures(1, 7));
  model.dispose();
  model.dispose();
  await assert.rejects(model.logits(pictures(1, 7)), DisposedError);
  await assert.rejects(model.logits(pictures(2, 7)), DisposedError);
  await assert.rejects(model.stages(pictures(1, 7)), DisposedError);
});

test('weights that overflow float32 are told, with the picture', async () => {
  const tensors = tinyResNet({ depth: 18, classes: CLASSES });
  (tensors['resnet_model/final_dense/final_dense/weights'].data as Float32Array).fill(3e38);
  using model = await loadResNet50(await testGpu(), memoryCheckpoint(tensors));
  await assert.rejects(
    model.logits(pictures(1, 8)),
    (error) => error instanceof DeviceError && /picture 0 has a logit that is not finite/.test(error.message),
  );
});

test('pixels that are not finite are told, with the picture', async () => {
  using model = await tiny();
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const input = pictures(2, 8);
    input.fill(wrong, SIZE);
    await assert.rejects(
      model.logits(input),
      (error) =>
        error instanceof DeviceError && /picture 1 has a logit that is not finite/.test(error.message),
    );
  }
});

test('weights are counted as they are stored, those of dropped ones apart', async () => {
  const tensors = tinyResNet({ depth: 18, technique: 'magnitude_pruning' });
  const sizeOf = (leaf: string, counts: (value: number) => boolean) =>
    Object.entries(tensors)
      .filter(([name]) => name.endsWith(`/${leaf}`))
      .reduce((sum, [, { data }]) => sum + [...(data as Float32Array)].filter(counts).length, 0);
  const gpu = await testGpu();
  for (const format of ['sparse', 'dense'] as const) {
    using model = await loadResNet50(gpu, memoryCheckpoint(tensors), { format });
    const { nonzero, total } = model.weights;
    assert.equal(
      total,
      sizeOf('weights', () => true),
    );
    assert.equal(
      nonzero,
      sizeOf('mask', (value) => value === 1),
    );
    assert.ok(model.byteLength > 0);
  }
});

test('loading tells how far it is, and an error there ends it', async () => {
  const seen: string[] = [];
  using _model = await tiny({}, { onProgress: (done, total) => seen.push(`${done}/${total}`) });
  assert.deepEqual(
    seen,
    Array.from({ length: 22 }, (_, i) => `${i + 1}/22`),
  );
  const stopped = tiny(
    {},
    {
      onProgress(done) {
        if (done === 3) throw new Error('stopped');
      },
    },
  );
  await assert.rejects(stopped, /^Error: stopped$/);
});

test('the other class of devices splits batches otherwise and gives the same', async () => {
  const { deviceClass } = await testGpu();
  const other = await gpuAs(deviceClass === 'cpu' ? 'gpu' : 'cpu');
  const checkpoint = memoryCheckpoint(tinyResNet({ depth: 18 }));
  using model = await loadResNet50(await testGpu(), checkpoint);
  using guise = await loadResNet50(other, checkpoint);
  const input = pictures(5, 9);
  const [expected, found] = [await model.logits(input), await guise.logits(input)];
  const largest = Math.max(...expected.map(Math.abs));
  found.forEach((logit, i) => {
    assert.ok(Math.abs(logit - expected[i]) <= 1e-5 * largest, `${logit}, not ${expected[i]}`);
  });
});

async function tiny(kind: { technique?: Technique } = {}, options: ResNetOptions = {}): Promise<ResNet50> {
  const tensors = tinyResNet({ depth: 18, classes: CLASSES, ...kind });
  return loadResNet50(await testGpu(), memoryCheckpoint(tensors), options);
}

function pictures(count: number, seed: number): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length: count * SIZE }, () => 255 * random());
}

function shaped(shape: number[]): Float32Array & { shape: number[] } {
  return Object.assign(new Float32Array(shape.reduce((product, extent) => product * extent, 1)), { shape });
}
