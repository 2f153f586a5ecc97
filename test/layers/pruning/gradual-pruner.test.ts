import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { GradualPruner, type LayerWeights } from '../../../src/layers/pruning/gradual-pruner.ts';
import type { LayerTarget } from '../../../src/layers/pruning/layer-targets.ts';
import { applyMask, openMask } from '../../../src/layers/pruning/mask.ts';
import { sha256, withDirectory } from '../../io/support.ts';
import fc from '../../support/fast-check.ts';
import { openManifest } from '../../support/manifest.ts';
import { floats, randomFrom } from '../../support/random.ts';
import { sharedTest } from '../../support/shared.ts';

const TO_HUNDRED: LayerWeights = {
  name: 'weights',
  shape: [100],
  weights: Float32Array.from({ length: 100 }, (_, i) => i + 1),
};

describe('gradual pruning', () => {
  it('keeps what the original’s test of conditional updates keeps', () => {
    const pruner = new GradualPruner({
      sparsity: (step) => 0.1 * step,
      updates: { begin: 1, end: 6, frequency: 2 },
      rule: { method: 'magnitude', rounding: 'half-even' },
    });
    const kept = [];
    let mask = openMask(100);
    for (let step = 0; step < 10; step++) {
      if (pruner.isDue(step)) mask = pruner.update(step, [TO_HUNDRED]).get('weights')!;
      kept.push(mask.kept);
    }
    assert.deepEqual(kept, [100, 100, 80, 80, 60, 60, 40, 40, 40, 40]);
    assert.deepEqual(pruner.state.lastUpdate, 6);
  });

  it('brings layers to targets of their own, found by a part of the name or an expression', () => {
    const pruner = new GradualPruner({
      sparsity: { begin: 0, end: 100, target: 0.5 },
      updates: { begin: 1, end: 100, frequency: 1 },
      layerTargets: [
        { layer: 'layer1', sparsity: 0.6 },
        { layer: 'layer2/weights', sparsity: 0.75 },
        { layer: /.*kernel/, sparsity: 0.6 },
      ],
      rule: { method: 'magnitude', rounding: 'half-even' },
    });
    const names = ['layer1/weights', 'layer2/weights', 'layer3/kernel', 'layer4/weights'];
    const layers = names.map((name) => ({ ...TO_HUNDRED, name }));
    for (let step = 0; step < 110; step++) if (pruner.isDue(step)) pruner.update(step, layers);
    assert.deepEqual(
      [...pruner.state.masks.values()].map(({ kept }) => kept),
      [40, 25, 40, 50],
    );
  });

  it('prunes layers in blocks of their own, as the original’s test', () => {
    const options = {
      sparsity: () => 0.5,
      updates: { begin: 1, end: -1, frequency: 1 },
      rule: { method: 'magnitude', block: { height: 1, width: 1 } },
    } as const;
    const pruner = new GradualPruner({
      ...options,
      layerBlocks: [{ layer: 'layer2', block: { height: 1, width: 2 } }],
    });
    const masks = pruner.update(1, [
      { name: 'layer1', shape: [2, 2], weights: Float32Array.of(0.1, 0.2, 0.3, 0.4) },
      { name: 'layer2', shape: [2, 4], weights: Float32Array.of(0.1, 0.1, 0.3, 0.3, 0.2, 0.2, 0.4, 0.4) },
    ]);
    assert.deepEqual([...masks.get('layer1')!.mask], [0, 0, 1, 1]);
    assert.deepEqual([...masks.get('layer2')!.mask], [0, 0, 1, 1, 0, 0, 1, 1]);
    const wrong: [object, RegExp][] = [
      [{ layerBlocks: [{ layer: 'a', block: { height: 0, width: 1 } }] }, /a block of 0 weights/],
      [
        { rule: { method: 'random' }, layerBlocks: [{ layer: 'a', block: { height: 2, width: 1 } }] },
        /layer blocks need magnitude pruning/,
      ],
    ];
    for (const [change, message] of wrong)
      assert.throws(() => new GradualPruner({ ...options, ...change }), usage(message));
    const other = new GradualPruner({
      ...options,
      layerBlocks: [{ layer: 'other', block: { height: 2, width: 1 } }],
    });
    assert.throws(() => other.update(1, [TO_HUNDRED]), usage(/no layer "other"/));
  });

  it('goes on after an interruption as if there had been none', () => {
    const rule = fc.constantFrom(
      { method: 'magnitude', algorithm: 'sort', decay: 0.5 } as const,
      { method: 'magnitude', algorithm: 'exact' } as const,
      { method: 'random' } as const,
      { method: 'random', cumulative: false } as const,
    );
    fc.assert(
      fc.property(rule, fc.nat(9), fc.nat(), (rule, interruption, seed) => {
        const options = {
          sparsity: { begin: 0, end: 8, target: 0.9 },
          updates: { begin: 1, end: -1, frequency: 2 },
          rule,
          seed,
        };
        const layersAt = (step: number) => {
          const random = randomFrom(seed + step);
          return ['a', 'b'].map((name) => ({ name, shape: [30], weights: floats(random, 30, 0) }));
        };
        const whole = new GradualPruner(options);
        let parts = new GradualPruner(options);
        for (let step = 0; step < 10; step++) {
          if (step === interruption) parts = new GradualPruner({ ...options, resume: parts.state });
          assert.equal(parts.isDue(step), whole.isDue(step));
          if (whole.isDue(step))
            assert.deepEqual(parts.update(step, layersAt(step)), whole.update(step, layersAt(step)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('at random prunes ever more of the same weights when cumulative, others each time when not', () => {
    const masks = (cumulative: boolean) => {
      const pruner = new GradualPruner({
        sparsity: { begin: 0, end: 4, target: 0.8 },
        updates: { begin: 0, end: 4, frequency: 1 },
        rule: { method: 'random', cumulative },
      });
      return [1, 2, 3, 4].map((step) => pruner.update(step, [TO_HUNDRED]).get('weights')!.mask);
    };
    const revived = (masks: Float32Array[]) =>
      masks.slice(1).some((mask, i) => mask.some((keep, at) => keep > masks[i][at]));
    assert.deepEqual([revived(masks(true)), revived(masks(false))], [false, true]);
  });

  it('refuses what makes no sense', () => {
    const options = {
      sparsity: { begin: 0, end: 8, target: 0.9 },
      updates: { begin: 1, end: 8, frequency: 2 },
    };
    const wrong: [object, RegExp][] = [
      [{ updates: { begin: 8, end: 8, frequency: 2 } }, /from step 8 to 8/],
      [{ updates: { begin: 0, end: 8, frequency: 0 } }, /every 0 steps/],
      [{ sparsity: { begin: 0, end: 8, target: 1 } }, /target sparsity 1/],
      [{ sparsity: () => 0.5, layerTargets: [{ layer: 'a', sparsity: 0.5 }] }, /need a schedule/],
    ];
    for (const [change, message] of wrong)
      assert.throws(() => new GradualPruner({ ...options, ...change }), usage(message));
    const pruner = (layerTargets: LayerTarget[]) => new GradualPruner({ ...options, layerTargets });
    assert.throws(() => pruner([]).update(1, [TO_HUNDRED]), usage(/no mask update is due at step 1/));
    const due: [LayerTarget[], RegExp][] = [
      [[{ layer: 'other', sparsity: 0.5 }], /no layer "other".*weights/],
      [[{ layer: 'weights', sparsity: 1 }], /target of layer "weights": 1/],
      [
        ['wei', /ghts$/].map((layer) => ({ layer, sparsity: 0.5 })),
        /weights has the targets of both "wei" and/,
      ],
    ];
    for (const [targets, message] of due)
      assert.throws(() => pruner(targets).update(2, [TO_HUNDRED]), usage(message));
    const diverged = { ...TO_HUNDRED, weights: TO_HUNDRED.weights.map(() => Number.NaN) };
    assert.throws(() => pruner([]).update(2, [diverged]), DataError);
    const short = { ...TO_HUNDRED, shape: [3] };
    assert.throws(() => pruner([]).update(2, [short]), usage(/weights of shape \[3\] have 100 values/));
    assert.throws(() => pruner([]).update(2, [TO_HUNDRED, TO_HUNDRED]), usage(/two layers weights/));
  });

  it('refuses a rule and layer targets that cannot be before a step is done', () => {
    const options = {
      sparsity: { begin: 0, end: 8, target: 0.9 },
      updates: { begin: 1, end: 8, frequency: 2 },
    };
    const block = { height: 1, width: 2 };
    const wrong: [object, RegExp][] = [
      [{ rule: { method: 'largest' } }, /method is "largest", expected magnitude, random/],
      [{ rule: { method: 'random', rounding: 'up' } }, /rounding is "up", expected floor, half-even/],
      [{ rule: { method: 'magnitude', algorithm: 'quick' } }, /algorithm is "quick", expected sort/],
      [{ rule: { method: 'magnitude', decay: 1 } }, /threshold decay 1/],
      [{ rule: { method: 'magnitude', bins: 0 } }, /a histogram of 0 bins/],
      [{ rule: { method: 'magnitude', block: { ...block, height: 0 } } }, /a block of 0 weights/],
      [
        { rule: { method: 'magnitude', block: { ...block, pooling: 'AVG' } } },
        /is "AVG", expected mean, max/,
      ],
      [{ layerTargets: [{ layer: 'a', sparsity: 1 }] }, /target of layer "a": 1/],
      [
        { sparsity: { begin: 0, end: 8, target: 0 }, layerTargets: [{ layer: 'a', sparsity: 0.5 }] },
        /a target above 0/,
      ],
    ];
    for (const [change, message] of wrong)
      assert.throws(() => new GradualPruner({ ...options, ...change }), usage(message));
  });

  it('keeps all masks as they were where one cannot be made', () => {
    const pruner = new GradualPruner({
      sparsity: () => 0.5,
      updates: { begin: 1, end: -1, frequency: 1 },
      rule: { method: 'random' },
    });
    const second = { name: 'second', shape: [2], weights: Float32Array.of(1, 2) };
    pruner.update(1, [TO_HUNDRED, second]);
    const before = pruner.state;
    const grown = { ...second, shape: [3], weights: Float32Array.of(1, 2, 3) };
    assert.throws(
      () => pruner.update(2, [TO_HUNDRED, grown]),
      usage(/the mask before has 2 values, expected one for each of 3/),
    );
    assert.deepEqual(pruner.state, before);
    assert.ok(pruner.isDue(2));
  });

  sharedTest(
    'makes the masks and thresholds of the original’s training of a ResNet, to the bit',
    ['goldens', 'resnet50', 'D_training', 'mask_updates.json'],
    async (path) => {
      const golden: Golden = JSON.parse(await readFile(path, 'utf8'));
      for (const { flags, weight_sparsity_map, log } of golden.runs) {
        const { sparsity_begin_step: begin, sparsity_end_step: end } = flags;
        const pruner = new GradualPruner({
          sparsity: { begin, end, target: flags.end_sparsity },
          updates: { begin, end, frequency: flags.pruning_frequency },
          layerTargets: weight_sparsity_map.filter(Boolean).map((entry) => {
            const [layer, sparsity] = entry.split(':');
            return { layer, sparsity: Number(sparsity) };
          }),
          rule: { method: 'magnitude', rounding: 'half-even' },
        });
        const updates = log.filter(({ updated }) => updated);
        for (const { step, layers } of updates) {
          const names = layers.map(({ name }) => name.replace(/mask$/, 'weights'));
          const masks = pruner.update(step, await driftedWeights(golden, names, step));
          layers.forEach(({ nnz, threshold, sha256: hash }, i) => {
            const made = masks.get(names[i])!;
            assert.deepEqual([made.kept, made.threshold], [nnz, threshold], `${names[i]} at step ${step}`);
            assert.equal(sha256(new Uint8Array(made.mask.buffer)), hash);
          });
        }
      }
    },
  );

  sharedTest(
    'makes the masks of the original’s training of a Transformer',
    ['goldens', 'transformer', 'training', 'schedules.json'],
    async (path) => {
      const { magnitude_pruning_script: script } = JSON.parse(await readFile(path, 'utf8')) as {
        magnitude_pruning_script: Script;
      };
      const { begin, end, freq: frequency, target, shapes, steps, changes } = script;
      const pruner = new GradualPruner({
        sparsity: { begin, end, target },
        updates: { begin, end, frequency },
        rule: { method: 'magnitude', rounding: 'half-even' },
      });
      const made: Script['changes'] = [];
      for (let step = steps[0]; step < steps[1]; step++) {
        if (!pruner.isDue(step)) continue;
        const weights = await hashed(
          shapes.map((shape, i) => ({ name: `${i}`, shape, seed: `w${i}@${step}/public`, hash: [0, 1] })),
        );
        const layers = await Promise.all(
          shapes.map(async (shape, i) => ({
            name: `${i}`,
            shape,
            weights: (await floatsOf(weights, `${i}`)).map((u) => 2 * u - 1),
          })),
        );
        const masks = [...pruner.update(step, layers).values()];
        made.push({
          global_step: step,
          ones: masks.map(({ kept }) => kept),
          masks: masks.map(({ mask }) => mask.join('')),
        });
      }
      // The first entry is the state before any update.
      assert.deepEqual(made, changes.slice(1));
    },
  );
});

describe('masks', () => {
  it('leave kept weights and their gradients as they are, and make the others 0', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())),
        (pairs) => {
          const values = Float64Array.from(pairs, ([value]) => value);
          const mask = Float32Array.from(pairs, ([, keep]) => (keep ? 1 : 0));
          const masked = applyMask(values, mask);
          assert.ok(masked.every((value, i) => value === (mask[i] ? values[i] : 0)));
          assert.deepEqual(applyMask(masked, mask), masked);
          assert.deepEqual(applyMask(values, openMask(values.length).mask), values);
        },
      ),
    );
    assert.throws(() => applyMask(new Float32Array(3), new Float32Array(2)), usage(/2 values for 3 weights/));
  });
});

interface Golden {
  manifest: { name: string; shape: number[] }[];
  runs: {
    flags: Record<'end_sparsity' | 'sparsity_begin_step' | 'sparsity_end_step' | 'pruning_frequency', number>;
    weight_sparsity_map: string[];
    log: {
      step: number;
      updated: boolean;
      layers: { name: string; nnz: number; threshold: number; sha256: string }[];
    }[];
  }[];
}

interface Script {
  begin: number;
  end: number;
  freq: number;
  target: number;
  shapes: number[][];
  steps: [number, number];
  changes: { global_step: number; ones: number[]; masks: string[] }[];
}

/** Weights as the golden's README has them: `base · (1 + 0.5 · (2u − 1))`, each operation in float32. */
async function driftedWeights({ manifest }: Golden, names: string[], step: number): Promise<LayerWeights[]> {
  const bases = manifest.filter(({ name }) => names.includes(name));
  const drifts = bases.map(({ name, shape }) => ({
    name: `drift ${name}`,
    shape,
    seed: `mu/drift/${step}/${name}`,
    hash: [0, 1],
  }));
  const checkpoint = await hashed([...bases, ...drifts]);
  return Promise.all(
    names.map(async (name) => {
      const drift = await floatsOf(checkpoint, `drift ${name}`);
      const weights = (await floatsOf(checkpoint, name)).map((base, i) => {
        const d = Math.fround(2 * drift[i] - 1);
        return base * Math.fround(1 + Math.fround(0.5 * d));
      });
      return { name, shape: checkpoint.info(name).shape, weights };
    }),
  );
}

/** Variables whose values are hashes of their positions. */
function hashed(variables: { name: string; shape: number[] }[]): Promise<Checkpoint> {
  return withDirectory(async (directory) => {
    const path = `${directory}/manifest.json`;
    await writeFile(
      path,
      JSON.stringify({ variables: variables.map((each) => ({ dtype: 'float32', ...each })) }),
    );
    return openManifest(path);
  });
}

async function floatsOf(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  return (await checkpoint.read(name)).data as Float32Array;
}

function usage(message: RegExp): (error: Error) => boolean {
  return (error) => error instanceof UsageError && message.test(error.message);
}
