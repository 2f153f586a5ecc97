import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { TECHNIQUES } from '../../../src/base/technique.ts';
import { readConfig } from '../../../src/models/resnet50/config.ts';
import { loadResNet50 } from '../../../src/models/resnet50/model.ts';
import { layerScopes } from '../../../src/models/resnet50/weights.ts';
import { dataErrorOf } from '../../support/data-error.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { type MemoryTensor, memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { holds } from '../../support/property.ts';
import { directory, RESNET_DEPTHS, type ResNetDepth, tinyResNet } from '../../support/tiny-resnet.ts';
import { tinyTransformer } from '../../support/tiny-transformer.ts';

const DEPTHS = Object.keys(RESNET_DEPTHS).map(Number) as ResNetDepth[];

for (const depth of DEPTHS) {
  test(`depth ${depth} is recognised from the names of any technique`, async () => {
    for (const technique of TECHNIQUES) {
      const tensors = withSlots(tinyResNet({ depth, technique, width: 1, classes: 3 }));
      const config = await readConfig(memoryCheckpoint(tensors), {
        technique: technique === 'random_pruning' ? technique : undefined,
      });
      assert.deepEqual(config, {
        depth,
        kind: depth < 50 ? 'residual' : 'bottleneck',
        blocks: RESNET_DEPTHS[depth],
        classes: 3,
        imageSize: 224,
        technique,
        threshold: technique === 'variational_dropout' ? { value: 3, source: 'default' } : undefined,
        valuePrecision: 'f32',
      });
      const layers = layerScopes(config);
      assert.equal(layers.length, kernelsOf(depth));
      const weights = Object.keys(tensors).filter((name) => name.endsWith('/weights'));
      assert.deepEqual(
        layers.map((scope) => `${directory(technique, scope)}/weights`).sort(),
        weights.sort(),
      );
    }
  });
}

test('neither the width nor the classes matter', async () => {
  const shape = fc.record({
    depth: fc.constantFrom(...DEPTHS),
    width: fc.integer({ min: 1, max: 4 }),
    classes: fc.integer({ min: 1, max: 40 }),
  });
  await holds(
    fc.asyncProperty(shape, async (drawn) => {
      const { depth, classes } = await readConfig(memoryCheckpoint(tinyResNet(drawn)), {});
      assert.deepEqual([depth, classes], [drawn.depth, drawn.classes]);
    }),
    20,
  );
});

test('the threshold comes from the option, else from a published name, else it is 3', async () => {
  const tensors = tinyResNet({ depth: 18, technique: 'variational_dropout' });
  const thresholdOf = async (path: string, logAlphaThreshold?: number) =>
    (await readConfig(memoryCheckpoint(tensors, { path }), { logAlphaThreshold })).threshold;
  const published = 'variational_dropout_0.5_8000_68000_7.80538368534e-09_0.1/model.ckpt-128000';
  assert.deepEqual(await thresholdOf(published, 2.5), { value: 2.5, source: 'option' });
  assert.deepEqual(await thresholdOf(published), { value: 0.5, source: 'published name' });
  assert.deepEqual(await thresholdOf('elsewhere'), { value: 3, source: 'default' });
  await assert.rejects(thresholdOf(published, Number.NaN), UsageError);
});

test('without any one of its layers a network is not recognised, or does not load, and the error names it', async () => {
  const whole = tinyResNet({ depth: 18, technique: 'magnitude_pruning', width: 1 });
  const names = Object.keys(whole).filter((name) => !name.endsWith('/threshold'));
  const [gpu, { path }] = [await testGpu(), memoryCheckpoint(whole)];
  for (const name of names) {
    const { [name]: _, ...rest } = whole;
    const { file } = await dataErrorOf(
      (async () => {
        using _model = await loadResNet50(gpu, memoryCheckpoint(rest));
      })(),
      new RegExp(
        `${escaped(name.slice('resnet_model/'.length))}; the checkpoint is incomplete|blocks in its groups, known are|holds no ResNet`,
      ),
    );
    assert.equal(file, path);
  }
});

test('a network with a block missing is told with its blocks and those that are known', async () => {
  const tensors = without(tinyResNet({ depth: 50 }), 'block_group3_5_1');
  await refused(tensors, /has 3, 4, 5, 3 bottleneck blocks in its groups, known are 3,4,6,3 \(ResNet-50\)/);
});

test('a network of a depth that there is not is refused', async () => {
  const tensors = tinyResNet({ depth: 34 });
  for (const part of [1, 2]) {
    tensors[`${directory('dense', `residual_${part}_block_group4_3_1`)}/weights`] = {
      shape: [],
      data: new Float32Array(1),
    };
  }
  await refused(tensors, /has 3, 4, 6, 4 residual blocks in its groups, known are 2,2,2,2 \(ResNet-18\)/);
});

test('a checkpoint of another model is told to be none', async () => {
  const transformer = tinyTransformer('magnitude_pruning');
  await dataErrorOf(loadResNet50(await testGpu(), transformer), /holds no ResNet: .*"tsos inspect"/);
  await refused({}, /holds no ResNet/);
});

const WEIGHTS = `${directory('magnitude_pruning', 'residual_1_block_group2_1_1')}/weights`;
const PRUNED = { depth: 18, technique: 'magnitude_pruning' } as const;

test('a layer without its mask is refused, but for one that was built without sparsification', async () => {
  const { 'resnet_model/final_dense/mask': _, ...tensors } = tinyResNet(PRUNED);
  await refused(tensors, /no variable ends in final_dense\/mask; the checkpoint is incomplete/);
  const { 'resnet_model/final_dense/weights': weights, ...others } = tensors;
  const plain = { ...others, 'resnet_model/final_dense/final_dense/weights': weights };
  using model = await loadResNet50(await testGpu(), memoryCheckpoint(plain));
  assert.equal(model.config.technique, 'magnitude_pruning');
});

test('a variable that is there under two prefixes is refused with both names', async () => {
  const tensors = tinyResNet(PRUNED);
  const twice = `${directory('dense', 'residual_1_block_group2_1_1')}/weights`;
  await refused(
    { ...tensors, [twice]: tensors[WEIGHTS] },
    new RegExp(
      `${escaped(WEIGHTS)} and ${escaped(twice)} both end in|${escaped(twice)} and ${escaped(WEIGHTS)} both`,
    ),
  );
});

test('kernels of other sizes than the network is made of are refused with their shapes', async () => {
  const shapes: [shape: number[], says: RegExp][] = [
    [[2, 2, 4, 4], /weights is \[2, 2, 4, 4\], expected \[k, k, 4, any\] with an odd k/],
    [[3, 1, 4, 4], /weights is \[3, 1, 4, 4\], expected/],
    [[3, 3, 5, 4], /weights is \[3, 3, 5, 4\], expected .* what comes in has 4 channels/],
    [[36, 4], /weights is \[36, 4\], expected/],
  ];
  for (const [shape, says] of shapes) {
    const tensors = tinyResNet(PRUNED);
    const mask = WEIGHTS.replace(/weights$/, 'mask');
    await refused({ ...tensors, [WEIGHTS]: zeros(shape), [mask]: zeros(shape) }, says);
  }
});

test('layers that do not fit to each other are refused', async () => {
  const last = directory('dense', 'residual_2_block_group1_1_1');
  await refused(
    {
      ...tinyResNet({ depth: 18 }),
      [`${last}/weights`]: zeros([3, 3, 2, 3]),
      ...Object.fromEntries(
        ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((leaf) => [
          `resnet_model/batch_normalization_5/${leaf}`,
          zeros([3]),
        ]),
      ),
    },
    /residual_2_block_group1_1_1 gives 3 channels, the shortcut it is added to has 2/,
  );
  await refused(
    { ...tinyResNet({ depth: 18 }), [`${directory('dense', 'final_dense')}/weights`]: zeros([15, 10]) },
    /final_dense takes 15 features, what comes in has 16/,
  );
  await refused(
    { ...tinyResNet({ depth: 18 }), 'resnet_model/batch_normalization_7/beta': zeros([2]) },
    /batch_normalization_7\/beta should be float32 \[4\], is float32 \[2\]/,
  );
});

test('numbers no network can have are refused with where they are', async () => {
  const norm = 'resnet_model/batch_normalization_3';
  const changes: [name: string, value: number, says: RegExp][] = [
    [`${norm}/gamma`, Number.NaN, /batch_normalization_3\/gamma holds NaN at element 1/],
    [`${norm}/moving_mean`, Number.POSITIVE_INFINITY, /moving_mean holds Infinity at element 1/],
    [`${norm}/moving_variance`, -0.5, /moving_variance holds -0.5 at element 1, which is no variance/],
    [WEIGHTS, Number.NaN, /residual_1_block_group2_1_1\/weights element 1 is NaN/],
    ['resnet_model/final_dense/biases', Number.NEGATIVE_INFINITY, /biases holds -Infinity at element 1/],
  ];
  for (const [name, value, says] of changes) {
    const tensors = tinyResNet(PRUNED);
    (tensors[name].data as Float32Array)[1] = value;
    await refused(tensors, says);
  }
});

async function refused(tensors: Record<string, MemoryTensor>, says: RegExp): Promise<void> {
  await dataErrorOf(loadResNet50(await testGpu(), memoryCheckpoint(tensors)), says);
}

/** The step, and what the optimizer keeps beside each variable. */
function withSlots(tensors: Record<string, MemoryTensor>): Record<string, MemoryTensor> {
  const slots = Object.entries(tensors).map(([name, tensor]) => [`${name}/Momentum`, tensor]);
  return { ...tensors, ...Object.fromEntries(slots), global_step: zeros([]) };
}

function without(tensors: Record<string, MemoryTensor>, part: string): Record<string, MemoryTensor> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.includes(part)));
}

/** Convolutions and the dense layer: the depth does not count the projections, of which there are 4. */
function kernelsOf(depth: number): number {
  return depth + 4;
}

function zeros(shape: number[]): MemoryTensor {
  return { shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
