import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { gradualSparsity, isMaskUpdateDue, type MaskUpdates } from '../../../src/layers/pruning/schedule.ts';
import fc from '../../support/fast-check.ts';
import { readJson } from '../../support/files.ts';
import { sharedTest } from '../../support/shared.ts';

const fraction = fc.double({ min: 0, max: 0.99, noNaN: true });
const step = fc.integer({ min: 0, max: 500_000 });
const span = fc.tuple(step, fc.integer({ min: 1, max: 500_000 }));

describe('gradual sparsity', () => {
  it('has the values of the specification', () => {
    const schedule = { begin: 0, end: 100, target: 0.9 };
    const expected = {
      0: 0,
      10: 0.2439,
      25: 0.5203125,
      50: 0.7875,
      75: 0.8859375,
      90: 0.8991,
      99: 0.8999991,
      100: 0.9,
    };
    for (const [at, value] of Object.entries(expected)) {
      assert.ok(Math.abs(gradualSparsity(schedule, Number(at)) - value) <= 1e-6, `step ${at}`);
    }
  });

  it('rises from the initial to the target sparsity, never leaving them', () => {
    const exponent = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(span, fraction, fraction, exponent, step, step, ([begin, length], a, b, exponent, t, u) => {
        const [initial, target] = [Math.min(a, b), Math.max(a, b)];
        const at = (step: number) =>
          gradualSparsity({ begin, end: begin + length, initial, target, exponent }, step);
        assert.equal(
          at(Math.min(t, begin)),
          Math.fround(Math.fround(Math.fround(initial - target)) + Math.fround(target)),
        );
        assert.equal(at(begin + length + t), Math.fround(target));
        // One rounding of the sum may show.
        assert.ok(at(Math.min(t, u)) <= at(Math.max(t, u)) + 2 ** -24);
        assert.ok(at(t) >= initial - 2 ** -23 && at(t) <= target + 2 ** -23);
      }),
    );
  });

  it('with exponent 1 is linear', () => {
    fc.assert(
      fc.property(span, fraction, step, ([begin, length], target, t) => {
        const line = target * Math.min(1, Math.max(0, (t - begin) / length));
        const sparsity = gradualSparsity({ begin, end: begin + length, target, exponent: 1 }, t);
        assert.ok(Math.abs(sparsity - line) <= 2e-7);
      }),
    );
  });

  it('refuses what is no schedule', () => {
    for (const wrong of [
      { begin: 5, end: 5, target: 0.5 },
      { begin: -1, end: 5, target: 0.5 },
      { begin: 0, end: 5, target: 1 },
      { begin: 0, end: 5, target: 0.5, initial: -0.1 },
      { begin: 0, end: Number.NaN, target: 0.5 },
    ]) {
      assert.throws(() => gradualSparsity(wrong, 0), UsageError);
    }
  });
});

describe('mask updates', () => {
  it('come at the steps that were found in the published checkpoints', () => {
    const published: [MaskUpdates, first: number, last: number, count: number][] = [
      [{ begin: 40_000, end: 100_000, frequency: 2000 }, 40_000, 100_000, 31],
      [{ begin: 40_000, end: 100_000, frequency: 4000 }, 40_000, 100_000, 16],
      [{ begin: 40_000, end: 76_000, frequency: 2000 }, 40_000, 76_000, 19],
      [{ begin: 12_500, end: 40_000, frequency: 2000 }, 12_500, 38_500, 14],
      [{ begin: 7500, end: 36_000, frequency: 1000 }, 7500, 35_500, 29],
      [{ begin: 12_500, end: 36_000, frequency: 500 }, 12_500, 36_000, 48],
      [{ begin: 8000, end: 40_000, frequency: 8000 }, 8000, 40_000, 5],
      [{ begin: 0, end: 40_000, frequency: 8000 }, 8000, 40_000, 5],
      [{ begin: 0, end: 40_000, frequency: 2000 }, 2000, 40_000, 20],
      [{ begin: 20_000, end: 40_000, frequency: 8000 }, 20_000, 36_000, 3],
    ];
    for (const [updates, first, last, count] of published) {
      const steps = updateSteps(updates, 128_000);
      assert.deepEqual([steps[0], steps.at(-1), steps.length], [first, last, count], JSON.stringify(updates));
    }
  });

  it('come first at max(begin, frequency), then every frequency steps to the end', () => {
    const small = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(
        small,
        small,
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (begin, length, frequency, endless) => {
          const end = endless ? -1 : begin + length;
          const expected: number[] = [];
          for (let t = Math.max(begin, frequency); t <= (endless ? 150 : Math.min(end, 150)); t += frequency)
            expected.push(t);
          assert.deepEqual(updateSteps({ begin, end, frequency }, 151), expected);
        },
      ),
    );
  });

  sharedTest(
    'come when the original makes them, with its sparsity to the bit',
    ['goldens', 'resnet50', 'D_training', 'mask_updates.json'],
    async (path) => {
      const { runs } = await readJson<{ runs: GoldenRun[] }>(path);
      for (const { hparams, log } of runs) {
        const number = (name: string) => Number(new RegExp(`(?:^|,)${name}=([^,]+)`).exec(hparams)![1]);
        const updates = {
          begin: number('begin_pruning_step'),
          end: number('end_pruning_step'),
          frequency: number('pruning_frequency'),
        };
        const schedule = {
          begin: number('sparsity_function_begin_step'),
          end: number('sparsity_function_end_step'),
          target: number('target_sparsity'),
        };
        let last = 0;
        for (const { step, schedule_sparsity, updated, last_mask_update_step } of log) {
          assert.equal(gradualSparsity(schedule, step), schedule_sparsity, `step ${step}`);
          assert.equal(isMaskUpdateDue(updates, step, last), updated, `step ${step}`);
          if (updated) last = step;
          assert.equal(last, last_mask_update_step);
        }
      }
    },
  );
});

it('exponents and steps that make no curve are refused', () => {
  const schedule = { begin: 0, end: 8, target: 0.9 };
  for (const exponent of [0, -1, Number.NaN]) {
    assert.throws(() => gradualSparsity({ ...schedule, exponent }, 1), {
      name: 'UsageError',
      message: `exponent is ${exponent}, expected a number above 0`,
    });
  }
  assert.throws(() => gradualSparsity(schedule, Number.NaN), { name: 'UsageError', message: /step is NaN/ });
});

interface GoldenRun {
  hparams: string;
  log: { step: number; schedule_sparsity: number; updated: boolean; last_mask_update_step: number }[];
}

function updateSteps(updates: MaskUpdates, steps: number): number[] {
  const made: number[] = [];
  for (let step = 0; step < steps; step++)
    if (isMaskUpdateDue(updates, step, made.at(-1) ?? 0)) made.push(step);
  return made;
}
