import assert from 'node:assert/strict';
import { test } from 'node:test';
import { impliedSettings, TRANSFORMER_PRESETS } from '../../../src/train/run/presets.ts';
import { transformerRate } from '../../../src/train/run/schedules.ts';
import type { TransformerSettings } from '../../../src/train/run/settings.ts';

test('Adafactor brings the original’s schedule with it, unless it was there before', () => {
  const schedule = { learningRateSchedule: 'rsqrt_decay', learningRate: 1, warmupSteps: 10_000 };
  for (const before of Object.values(TRANSFORMER_PRESETS)) {
    assert.deepEqual(impliedSettings(before, { optimizer: 'adafactor' }), schedule);
    assert.deepEqual(impliedSettings({ ...before, optimizer: 'adafactor' }, { optimizer: 'adafactor' }), {});
    assert.deepEqual(impliedSettings(before, { optimizer: 'adam' }), {});
    const linear = { optimizer: 'adafactor', learningRateSchedule: 'linear' };
    assert.deepEqual(impliedSettings(before, linear), {});
    assert.deepEqual(impliedSettings(before, {}), {});
  }
});

test('each schedule has the rates of its formula', () => {
  const rateAt = (step: number, settings: Partial<TransformerSettings>) => {
    const all = {
      ...TRANSFORMER_PRESETS.paper,
      technique: 'dense',
      seed: 0,
      vocab: 'vocab',
      ...settings,
    } as const;
    return transformerRate(all)(step);
  };
  const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9 * expected);
  near(rateAt(8000, {}), 2 / Math.sqrt(8000 * 512));
  near(rateAt(0, { learningRateSchedule: 'rsqrt_decay', learningRate: 1, warmupSteps: 10_000 }), 0.01);
  near(rateAt(7999, { learningRateSchedule: 'legacy', learningRate: 0.2 }), 2 / Math.sqrt(8000 * 512));
  const withAdafactor = {
    learningRateSchedule: 'legacy',
    learningRate: 0.2,
    optimizer: 'adafactor',
  } as const;
  near(rateAt(7999, withAdafactor), 1000 / Math.sqrt(8000 * 512));
  near(rateAt(0, { learningRateSchedule: 'linear', learningRate: 3, warmupSteps: 6 }), 0.5);
});
