import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gpu } from '../../../src/graph/device/gpu.ts';
import { readFloats, Scope } from '../../../src/graph/device/scope.ts';
import { GradualPruner, type GradualPrunerOptions } from '../../../src/layers/pruning/gradual-pruner.ts';
import { freshTransformer } from '../../../src/models/fresh/fresh-transformer.ts';
import { loadTrainableTransformer } from '../../../src/models/transformer/training.ts';
import { DeviceMasks, type Pruner } from '../../../src/train/loop/device-masks.ts';
import { transformerTrainee } from '../../../src/train/text/transformer-trainee.ts';
import { inGuise } from '../../support/device-class.ts';
import { testGpu } from '../../support/gpu.ts';

const SIZE = { hidden: 16, filter: 32, layers: 1, vocabulary: 40 };
const SCHEDULE = { begin: 0, end: 10, frequency: 5 };
const LAYER_TARGETS = [{ layer: 'symbol_modality', sparsity: 0.4 }];
const MAGNITUDE: GradualPrunerOptions = {
  sparsity: { begin: 0, end: 10, target: 0.9 },
  updates: SCHEDULE,
  layerTargets: LAYER_TARGETS,
};

/** Masks, thresholds and counts behind two updates. */
async function updated(gpu: Gpu, pruner: Pruner) {
  using scope = new Scope(gpu);
  const technique = 'magnitude_pruning';
  const start = freshTransformer({ technique, size: SIZE, seed: 4 });
  const model = await loadTrainableTransformer(scope, start, { technique, heads: 2 });
  const trainee = transformerTrainee(gpu, model, { labelSmoothing: 0, clipAlpha: 8 });
  using masks = DeviceMasks.of(gpu, trainee, pruner)!;
  const open = Object.values(await masks.kept());
  assert.ok(open.every(({ kept, total }) => kept === total));
  for (const step of [5, 6, 10]) await masks.update(step);
  assert.equal(masks.lastUpdate, 10);
  const tensors = [...model.variables.tensors].filter(([name]) => /(mask|threshold)$/.test(name));
  const values = tensors.map(async ([name, tensor]) => [name, await readFloats(await testGpu(), tensor)]);
  return { kept: await masks.kept(), values: await Promise.all(values) };
}

test('masks that the device makes are those of the host, to the bit, and nothing is read back for them', async () => {
  const gpu = await testGpu();
  const reads: number[] = [];
  const watched = inGuise(gpu, {
    async read(buffer, byteOffset, byteLength) {
      const bytes = await gpu.read(buffer, byteOffset, byteLength);
      reads.push(bytes.byteLength);
      return bytes;
    },
  });
  const byDevice = await updated(watched, new GradualPruner(MAGNITUDE));
  const layers = Object.values(byDevice.kept);
  // All masks once, before the first update; then what was found out of all layers, at once.
  const [found, ...masks] = reads.reverse();
  const ascending = (bytes: number[]) => bytes.toSorted((a, b) => a - b);
  assert.equal(found, 16 * layers.length);
  assert.deepEqual(ascending(masks), ascending(layers.map(({ total }) => 4 * total)));
  const pruner = new GradualPruner(MAGNITUDE);
  const byHost: Pruner = {
    get state() {
      return pruner.state;
    },
    isDue: (step) => pruner.isDue(step),
    update: (step, weights) => pruner.update(step, weights),
  };
  assert.deepEqual(byDevice, await updated(gpu, byHost));
  assert.ok(layers.some(({ kept, total }) => kept < 0.2 * total));
});

test('masks that more than magnitudes decides are made on the host', async () => {
  const rules: Partial<GradualPrunerOptions>[] = [
    { rule: { method: 'random' } },
    { rule: { method: 'magnitude', algorithm: 'exact' } },
    { rule: { method: 'magnitude', algorithm: 'histogram' } },
    { rule: { method: 'magnitude', decay: 0.5 } },
    { rule: { method: 'magnitude', block: { height: 2, width: 2 } } },
  ];
  for (const rule of rules) {
    const pruner = new GradualPruner({ ...MAGNITUDE, ...rule });
    assert.equal(pruner.keepLargest(5, []), undefined);
    assert.equal(pruner.state.lastUpdate, 0);
  }
  const { kept } = await updated(await testGpu(), new GradualPruner({ ...MAGNITUDE, ...rules[0] }));
  assert.ok(Object.values(kept).some(({ kept, total }) => kept < 0.2 * total));
});

test('counts of the largest are refused where an update would be', () => {
  const pruner = new GradualPruner(MAGNITUDE);
  const layer = { name: 'symbol_modality', shape: [4, 5] };
  assert.throws(() => pruner.keepLargest(3, [layer]), /no mask update is due at step 3/);
  assert.throws(() => pruner.keepLargest(5, [layer, layer]), /there are two layers symbol_modality/);
  assert.throws(() => pruner.keepLargest(5, [{ ...layer, name: 'other' }]), { name: 'UsageError' });
  assert.deepEqual(pruner.keepLargest(10, [layer]), new Map([['symbol_modality', 12]]));
});
