import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resNetLearningRate } from '../../src/models/resnet50/learning-rate.ts';
import {
  adafactorLearningRate,
  legacyLearningRate,
  transformerLearningRate,
} from '../../src/models/transformer/learning-rate.ts';
import { readJson } from '../support/files.ts';
import { sharedTest } from '../support/shared.ts';

sharedTest(
  'the rates of ResNet-50 are the original’s at every step it was asked for, on both sides of every change',
  ['goldens', 'resnet50', 'D_training', 'lr_schedule.json'],
  async (path) => {
    const { values } = await readJson<{
      values: { train_batch_size: number; global_step: number; learning_rate: number }[];
    }>(path);
    for (const { train_batch_size: batch, global_step: step, learning_rate: expected } of values) {
      assertRate(resNetLearningRate(step, { batch }), expected, `batch ${batch}, step ${step}`);
    }
    assert.ok(values.length > 30);
  },
);

sharedTest(
  'the rates of the Transformer are the original’s',
  ['goldens', 'transformer', 'training', 'schedules.json'],
  async (path) => {
    const { learning_rate: golden } = await readJson<{
      learning_rate: { global_step: number[]; sets: Record<string, { values: number[] }> };
    }>(path);
    const schedules: Record<string, (step: number) => number> = {
      'sparse_transformer_magnitude_pruning_tpu/hidden512': (step) =>
        transformerLearningRate(step, { hidden: 512 }),
      'sparse_transformer_magnitude_pruning_tpu/hidden64': (step) =>
        transformerLearningRate(step, { hidden: 64 }),
      'sparse_transformer_tpu/hidden512': (step) => adafactorLearningRate(step),
      'sparse_transformer_base_v1/hidden512': (step) =>
        legacyLearningRate(step, { hidden: 512, rate: 0.1, warmup: 4000, optimizer: 'adam' }),
      'sparse_transformer_base_v2/hidden512': (step) =>
        legacyLearningRate(step, { hidden: 512, rate: 0.2, warmup: 8000, optimizer: 'adam' }),
    };
    for (const [name, rate] of Object.entries(schedules)) {
      golden.global_step.forEach((step, i) => {
        assertRate(rate(step), golden.sets[name].values[i], `${name}, step ${step}`);
      });
    }
  },
);

test('rates of the specification', () => {
  const rate = (step: number) => resNetLearningRate(step, { batch: 1024 });
  for (const [step, expected] of [
    [0, 0],
    [1000, 0.0639417],
    [6256, 0.4],
    [37_534, 0.4],
    [37_535, 0.04],
    [75_069, 0.004],
    [100_092, 0.0004],
  ]) {
    assertRate(rate(step), expected, `step ${step}`);
  }
  const legacy = { hidden: 512, rate: 0.1, warmup: 4000, optimizer: 'adam' } as const;
  assertRate(legacyLearningRate(0, legacy), 1.7469283e-7, 'the first legacy rate');
  assertRate(legacyLearningRate(3999, legacy), 1 / Math.sqrt(512 * 4000), 'the highest legacy rate');
  assertRate(
    legacyLearningRate(0, { ...legacy, optimizer: 'adafactor' }),
    500 * 1.7469283e-7,
    'without Adam',
  );
  assertRate(adafactorLearningRate(40_000, 10_000, 3), 0.015, 'three times that of Adafactor');
  assert.equal(transformerLearningRate(0, { hidden: 512 }), 0);
});

test('steps, batches and widths that cannot be are refused by name', () => {
  const wrong: [() => number, RegExp][] = [
    [() => resNetLearningRate(-1, { batch: 1024 }), /step is -1, expected a number from 0 up/],
    [() => resNetLearningRate(Number.NaN, { batch: 1024 }), /step is NaN/],
    [() => resNetLearningRate(0, { batch: 0 }), /batch is 0, expected a number above 0/],
    [() => transformerLearningRate(0, { hidden: 0 }), /hidden is 0/],
    [() => transformerLearningRate(0, { hidden: 512, warmup: 0 }), /warmup is 0/],
    [() => adafactorLearningRate(Number.NaN), /step is NaN/],
  ];
  for (const [rate, message] of wrong) assert.throws(rate, { name: 'UsageError', message });
});

function assertRate(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-6 * expected, `${what}: ${actual}, expected ${expected}`);
}
