import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawDigits } from '../support/digits.ts';
import { testGpu } from '../support/gpu.ts';
import { randomFrom } from '../support/random.ts';
import { CONVOLUTIONAL, PERCEPTRON, type SmallNet } from '../support/small-nets.ts';
import { type DigitTraining, trainOnDigits } from '../support/train-digits.ts';

/**
 * A training, and what must come of it: shares of weights that are 0 and of digits told right (by chance,
 * 0.1).
 */
type Case = DigitTraining & { readonly least: { readonly sparsity: number; readonly accuracy: number } };

const CASES: Record<string, { net: SmallNet; trainings: Case[] }> = {
  'a two-layer perceptron': {
    net: PERCEPTRON,
    trainings: [
      {
        technique: 'magnitude_pruning',
        steps: 400,
        penalty: 0,
        sparsity: 0.8,
        least: { sparsity: 0.8, accuracy: 0.95 },
      },
      {
        technique: 'random_pruning',
        steps: 400,
        penalty: 0,
        sparsity: 0.5,
        least: { sparsity: 0.5, accuracy: 0.9 },
      },
      {
        technique: 'variational_dropout',
        steps: 400,
        sparsity: 0,
        penalty: 5e-4,
        least: { sparsity: 0.55, accuracy: 0.95 },
      },
      {
        technique: 'l0_regularization',
        steps: 400,
        sparsity: 0,
        penalty: 4e-3,
        least: { sparsity: 0.45, accuracy: 0.9 },
      },
    ],
  },
  'a small convolutional net': {
    net: CONVOLUTIONAL,
    trainings: [
      {
        technique: 'magnitude_pruning',
        steps: 200,
        penalty: 0,
        sparsity: 0.6,
        least: { sparsity: 0.6, accuracy: 0.9 },
      },
      {
        technique: 'random_pruning',
        steps: 200,
        penalty: 0,
        sparsity: 0.4,
        least: { sparsity: 0.4, accuracy: 0.85 },
      },
      {
        technique: 'variational_dropout',
        steps: 200,
        sparsity: 0,
        penalty: 4e-3,
        least: { sparsity: 0.5, accuracy: 0.9 },
      },
      {
        technique: 'l0_regularization',
        steps: 300,
        sparsity: 0,
        penalty: 2e-2,
        least: { sparsity: 0.2, accuracy: 0.85 },
      },
    ],
  },
};

const random = randomFrom(2019);
const DIGITS = { train: drawDigits(random, 4000), test: drawDigits(random, 500) };

for (const [name, { net, trainings }] of Object.entries(CASES)) {
  for (const { least, ...training } of trainings) {
    test(`${name} learns to tell digits with few weights: ${training.technique}`, async () => {
      const { sparsity, accuracy } = await trainOnDigits(await testGpu(), net, training, DIGITS);
      assert.ok(sparsity >= least.sparsity, `sparsity ${sparsity}, at least ${least.sparsity} expected`);
      assert.ok(accuracy >= least.accuracy, `accuracy ${accuracy}, at least ${least.accuracy} expected`);
    });
  }
}
