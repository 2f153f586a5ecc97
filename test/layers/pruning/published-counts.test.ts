import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CountRounding, keptCount } from '../../../src/layers/pruning/kept-count.ts';
import { layerSparsity } from '../../../src/layers/pruning/layer-targets.ts';
import { gradualSparsity, isMaskUpdateDue, type MaskUpdates } from '../../../src/layers/pruning/schedule.ts';
import { readText } from '../../support/files.ts';
import { sharedTest } from '../../support/shared.ts';

/*
 * Counts of the published checkpoints, from the Deep Learning Matrix Collection (the paper's author took its
 * patterns from them), against the rule at the sparsity of the last mask update. Where single layers deviate,
 * the specification lists them.
 */

/** Sizes of the 54 kernels of ResNet-50, by the layer table of the paper's model. */
const RESNET_50 = [9408, ...[3, 4, 6, 3].flatMap((blocks, group) => groupSizes(blocks, group)), 2048 * 1000];

test('ResNet-50 has the kernels of the paper', () => {
  assert.deepEqual([RESNET_50.length, sum(RESNET_50)], [54, 25_502_912]);
});

test('uniform pruning of ResNet-50 keeps as many weights as the published checkpoints', () => {
  const published: [target: number, magnitude: number, random: number | undefined][] = [
    [0.5, 12_751_456, 12_751_458],
    [0.7, 7_650_847, 7_650_849],
    [0.8, 5_100_553, 5_100_554],
    [0.9, 2_550_265, 2_550_268],
    [0.95, 1_275_121, 1_275_121],
    [0.98, 510_025, undefined],
  ];
  // Layers that have one weight fewer or more than the rule says.
  const fewer = new Map([[0.7, 2]]);
  const more = new Map([
    [0.5, 2],
    [0.8, 1],
    [0.9, 3],
  ]);
  for (const [target, magnitude, random] of published) {
    const kept = sum(RESNET_50.map((size) => keptCount(size, target)));
    assert.equal(kept - (fewer.get(target) ?? 0), magnitude, `magnitude ${target}`);
    if (random !== undefined) assert.equal(kept + (more.get(target) ?? 0), random, `random ${target}`);
  }
  // Its schedule ended between two updates; one layer has a weight more.
  const schedule = { begin: 20_000, end: 40_000, target: 0.98 };
  const last = lastUpdate({ ...schedule, frequency: 8000 });
  assert.equal(1 + sum(RESNET_50.map((size) => keptCount(size, gradualSparsity(schedule, last)))), 709_984);
});

test('uniform pruning of the Transformer keeps what its published sparsities say', () => {
  const sizes = [33_288 * 512, ...Array(72).fill(512 * 512), ...Array(24).fill(512 * 2048)];
  const ones: [number, number][] = [
    [0.5, 30_541_824],
    [0.6, 24_433_406],
    [0.7, 18_325_061],
    [0.8, 12_216_667],
    [0.9, 6_108_322],
    [0.95, 3_054_149],
    [0.98, 1_221_596],
  ];
  for (const [target, expected] of ones)
    assert.equal(sum(sizes.map((size) => keptCount(size, target))), expected);
});

sharedTest(
  'every layer of the published ResNet-50 is as the rule says',
  ['data', 'dlmc', 'dlmc.csv'],
  async (path) => {
    const layers = await publishedLayers(path, 'rn50');
    const deviations = new Map<string, number>();
    const check = (folder: string, rounding: CountRounding, sparsityOf: (name: string) => number) => {
      const inFolder = layers.filter((layer) => layer.folder === folder);
      assert.ok(inFolder.length >= 53, folder);
      for (const { name, size, nonzero } of inFolder) {
        const more = nonzero - keptCount(size, sparsityOf(name), rounding);
        if (more !== 0) deviations.set(`${folder}/${name}`, more);
      }
    };
    for (const target of [0.5, 0.7, 0.8, 0.9, 0.95, 0.98])
      check(`magnitude_pruning/${target}`, 'floor', () => target);
    for (const target of [0.5, 0.7, 0.8, 0.9, 0.95]) check(`random_pruning/${target}`, 'floor', () => target);
    const unfinished = gradualSparsity({ begin: 20_000, end: 40_000, target: 0.98 }, 36_000);
    check('random_pruning/0.98', 'floor', () => unfinished);
    const extended: [number, MaskUpdates][] = [
      [0.8, { begin: 12_500, end: 40_000, frequency: 2000 }],
      [0.91, { begin: 12_500, end: 36_000, frequency: 2000 }],
      [0.96, { begin: 7500, end: 36_000, frequency: 1000 }],
      [0.98, { begin: 12_500, end: 36_000, frequency: 500 }],
    ];
    for (const [target, updates] of extended) {
      const sparsity = gradualSparsity({ ...updates, target }, lastUpdate(updates));
      const targets = [{ layer: 'final_dense', sparsity: 0.8 }];
      check(`extended_magnitude_pruning/${target}`, 'half-even', (name) =>
        layerSparsity(name, sparsity, target, targets),
      );
    }
    assert.deepEqual(Object.fromEntries(deviations), {
      'magnitude_pruning/0.7/bottleneck_2_block_group3_4_1': -1,
      'magnitude_pruning/0.7/bottleneck_3_block_group_projection_block_group4': -1,
      'random_pruning/0.5/bottleneck_2_block_group3_1_1': 1,
      'random_pruning/0.5/bottleneck_2_block_group4_1_1': 1,
      'random_pruning/0.8/bottleneck_projection_block_group_projection_block_group3': 1,
      'random_pruning/0.9/bottleneck_1_block_group4_1_1': 1,
      'random_pruning/0.9/bottleneck_2_block_group_projection_block_group4': 1,
      'random_pruning/0.9/bottleneck_3_block_group_projection_block_group3': 1,
      'random_pruning/0.98/bottleneck_2_block_group4_2_1': 1,
    });
  },
);

sharedTest(
  'every layer of the published Transformer is as the rule says, but for ties',
  ['data', 'dlmc', 'dlmc.csv'],
  async (path) => {
    const layers = await publishedLayers(path, 'transformer');
    for (const method of ['magnitude_pruning', 'random_pruning']) {
      for (const target of [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]) {
        const inFolder = layers.filter(({ folder }) => folder === `${method}/${target}`);
        assert.equal(inFolder.length, 97);
        const differences = inFolder.map(({ size, nonzero }) => nonzero - keptCount(size, target));
        const allowed = method === 'random_pruning' ? [0, 1] : [-2, -1, 0];
        assert.ok(
          differences.every((difference) => allowed.includes(difference)),
          `${method} ${target}: ${differences}`,
        );
        if (method === 'magnitude_pruning' && (target === 0.8 || target === 0.9))
          assert.deepEqual(new Set(differences), new Set([0]));
      }
    }
  },
);

function groupSizes(blocks: number, group: number): number[] {
  const filters = 64 * 2 ** group;
  const inputs = group === 0 ? 64 : 2 * filters;
  const later = Array.from({ length: blocks - 1 }, () => bottleneck(4 * filters, filters)).flat();
  return [inputs * 4 * filters, ...bottleneck(inputs, filters), ...later];
}

function bottleneck(inputs: number, filters: number): number[] {
  return [inputs * filters, 9 * filters * filters, filters * 4 * filters];
}

function lastUpdate(updates: MaskUpdates): number {
  let last = 0;
  for (let step = 0; step <= updates.end; step++) if (isMaskUpdateDue(updates, step, last)) last = step;
  return last;
}

async function publishedLayers(path: string, model: string) {
  const [, ...lines] = (await readText(path)).trim().split('\n');
  return lines
    .map((line) => line.split(','))
    .filter((fields) => fields[0] === model)
    .map((fields) => {
      const [, method, level, name] = fields[3].split('/');
      return {
        folder: `${method}/${level}`,
        name,
        size: Number(fields[4]) * Number(fields[5]),
        nonzero: Number(fields[6]),
      };
    });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
