import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findPublishedName,
  formatPublishedName,
  type PublishedName,
  parsePublishedName,
} from '../../src/layers/published-name.ts';
import fc from '../support/fast-check.ts';

const PUBLISHED = [
  'magnitude_pruning_0.5_100000_400000_10000_0.1_0.1',
  'magnitude_pruning_0.6_100000_400000_1000_0.1_0.1',
  'magnitude_pruning_0.7_100000_300000_1000_0.1_0.1',
  'magnitude_pruning_0.8_200000_400000_10000_0.0_0.1',
  'magnitude_pruning_0.9_0_400000_10000_0.0_0.1',
  'magnitude_pruning_0.95_100000_300000_1000_0.0_0.1',
  'magnitude_pruning_0.98_0_300000_1000_0.0_0.0',
  'variational_dropout_0.5_cubic_400000_100000_2.22E-08_0.1_0.1_2.5',
  'variational_dropout_0.6_linear_0_500000_2.22E-08_0.0_0.1_2.5',
  'variational_dropout_0.7_linear_0_500000_2.22E-08_0.0_0.0_1.5',
  'variational_dropout_0.8_cubic_0_300000_2.22E-08_0.0_0.1_1.5',
  'variational_dropout_0.9_cubic_0_200000_8.89E-08_0.0_0.1_2.5',
  'variational_dropout_0.95_cubic_0_200000_2.22E-07_0.0_0.0_2.5',
  'variational_dropout_0.98_linear_0_1_2.22E-07_0.0_0.1_2.0',
  'l0_regularization_0.5_cubic_100000_200000_0.000000289_0.0_0.1',
  'l0_regularization_0.6_cubic_200000_100000_0.000000778_0.0_0.0',
  'l0_regularization_0.7_cubic_0_100000_0.000000289_0.0_0.0',
  'l0_regularization_0.8_linear_0_100000_0.000000556_0.0_0.0',
  'l0_regularization_0.9_cubic_200000_100000_0.000002222_0.1_0.1',
  'l0_regularization_0.95_cubic_0_400000_0.000002222_0.0_0.0',
  'l0_regularization_0.98_linear_0_1_0.000002222_0.0_0.1',
  'random_pruning_0.5_200000_500000_1000_0.0_0.1',
  'random_pruning_0.6_0_300000_1000_0.0_0.1',
  'random_pruning_0.7_0_400000_1000_0.0_0.1',
  'random_pruning_0.8_0_300000_10000_0.0_0.1',
  'random_pruning_0.9_0_100000_1000_0.0_0.1',
  'random_pruning_0.95_0_100000_1000_0.0_0.0',
  'random_pruning_0.98_0_100000_1000_0.0_0.0',
  'standard_threshold_0.5_40000_100000_2000_0.1',
  'standard_threshold_0.7_40000_100000_4000_0.1',
  'standard_threshold_0.8_40000_100000_2000_0.1',
  'standard_threshold_0.9_40000_76000_2000_0.1',
  'standard_threshold_0.95_40000_68000_2000_0.0',
  'standard_threshold_0.98_40000_100000_2000_0.1',
  'extended_threshold_0.8_12500_40000_2000_0.1',
  'extended_threshold_0.91_12500_36000_2000_0.1',
  'extended_threshold_0.96_7500_36000_1000_0.0',
  'extended_threshold_0.98_12500_36000_500_0.0',
  'standard_random_cumulative_0.5_20000_40000_4000_0.1',
  'standard_random_cumulative_0.7_8000_40000_8000_0.1',
  'standard_random_cumulative_0.8_0_40000_8000_0.0',
  'standard_random_cumulative_0.9_0_40000_2000_0.0',
  'standard_random_cumulative_0.95_0_40000_2000_0.0',
  'standard_random_cumulative_0.98_20000_40000_8000_0.0',
  'variational_dropout_0.5_8000_68000_7.80538368534e-09_0.1',
  'variational_dropout_0.8_40000_68000_3.90269184267e-08_0.0',
  'variational_dropout_0.9_20000_68000_7.80538368534e-08_0.0',
  'variational_dropout_0.95_40000_100000_3.90269184267e-07_0.1',
  'variational_dropout_0.98_8000_76000_7.80538368534e-07_0.1',
];

const step = fc.nat({ max: 1_000_000 });
const rate = fc.double({ min: 0, max: 10, noNaN: true }).filter((value) => !Object.is(value, -0));
const common = { sparsity: rate, labelSmoothing: rate };
const pruning = {
  ...common,
  technique: fc.constantFrom('magnitude_pruning' as const, 'random_pruning' as const),
  beginStep: step,
  endStep: step,
  frequency: step,
};
const transformer = { model: fc.constant('transformer' as const), dropout: rate };
const ramp = {
  ...common,
  ...transformer,
  weightFunction: fc.constantFrom('linear' as const, 'cubic' as const),
  rampStart: step,
  rampSteps: step,
  lossWeight: rate,
};
const rn50 = { model: fc.constant('rn50' as const) };
const variationalDropout = { technique: fc.constant('variational_dropout' as const) };
const plain = { noNullPrototype: true };
const anyName: fc.Arbitrary<PublishedName> = fc.oneof(
  fc.record({ ...pruning, ...transformer }, plain),
  fc.record({ ...ramp, technique: fc.constant('l0_regularization' as const) }, plain),
  fc.record({ ...ramp, ...variationalDropout, logAlphaThreshold: rate }, plain),
  fc
    .record(
      { ...pruning, ...rn50, schedule: fc.constantFrom('standard' as const, 'extended' as const) },
      plain,
    )
    .filter(({ technique, schedule }) => technique === 'magnitude_pruning' || schedule === 'standard'),
  fc.record(
    {
      ...common,
      ...rn50,
      ...variationalDropout,
      rampStart: step,
      rampEnd: step,
      lossWeight: rate,
      logAlphaThreshold: fc.constant(0.5 as const),
    },
    plain,
  ),
);

test('all published names are read and written back as they are', () => {
  assert.equal(PUBLISHED.length, 49);
  for (const name of PUBLISHED) {
    const published = parsePublishedName(name);
    assert.ok(published, name);
    assert.equal(formatPublishedName(published), name);
  }
});

test('each field is read from its place', () => {
  assert.deepEqual(parsePublishedName(PUBLISHED[0]), {
    model: 'transformer',
    technique: 'magnitude_pruning',
    sparsity: 0.5,
    beginStep: 100_000,
    endStep: 400_000,
    frequency: 10_000,
    dropout: 0.1,
    labelSmoothing: 0.1,
  });
  assert.deepEqual(parsePublishedName(PUBLISHED[7]), {
    model: 'transformer',
    technique: 'variational_dropout',
    sparsity: 0.5,
    weightFunction: 'cubic',
    rampStart: 400_000,
    rampSteps: 100_000,
    lossWeight: 2.22e-8,
    dropout: 0.1,
    labelSmoothing: 0.1,
    logAlphaThreshold: 2.5,
  });
  assert.deepEqual(parsePublishedName(PUBLISHED[20]), {
    model: 'transformer',
    technique: 'l0_regularization',
    sparsity: 0.98,
    weightFunction: 'linear',
    rampStart: 0,
    rampSteps: 1,
    lossWeight: 2.222e-6,
    dropout: 0,
    labelSmoothing: 0.1,
  });
  assert.deepEqual(parsePublishedName('extended_threshold_0.96_7500_36000_1000_0.0'), {
    model: 'rn50',
    technique: 'magnitude_pruning',
    schedule: 'extended',
    sparsity: 0.96,
    beginStep: 7500,
    endStep: 36_000,
    frequency: 1000,
    labelSmoothing: 0,
  });
  assert.deepEqual(parsePublishedName('variational_dropout_0.8_40000_68000_3.90269184267e-08_0.0'), {
    model: 'rn50',
    technique: 'variational_dropout',
    sparsity: 0.8,
    rampStart: 40_000,
    rampEnd: 68_000,
    lossWeight: 3.90269184267e-8,
    labelSmoothing: 0,
    logAlphaThreshold: 0.5,
  });
});

test('what is written is read back, whatever the fields are', () => {
  fc.assert(
    fc.property(anyName, (published) => {
      assert.deepEqual(parsePublishedName(formatPublishedName(published)), published);
    }),
  );
});

test('other names are not taken for published ones', () => {
  for (const name of [
    '',
    'magnitude_pruning',
    'magnitude_pruning_0.5_100000_400000_10000_0.1',
    'magnitude_pruning_0.5_1e5_400000_10000_0.1_0.1',
    'variational_dropout_0.5_cubic_400000_100000_2.22E-08_0.1_0.1',
    'l0_regularization_0.5_cubic_100000_200000_0.000000289_0.0_0.1_2.5',
    'standard_threshold_0.5_40000_100000_2000_0.1_0.1',
    'extended_random_cumulative_0.5_20000_40000_4000_0.1',
    'variational_dropout_0.5_8000_68000_7.80538368534e-09',
  ]) {
    assert.equal(parsePublishedName(name), undefined, name);
  }
});

test('a published name is found anywhere in a path, the innermost first, with or without .tar', () => {
  const [outer, inner] = [PUBLISHED[0], PUBLISHED[7]];
  for (const path of [
    inner,
    `/a/${inner}/model.ckpt-500000`,
    `${outer}/${inner}/x`,
    `C:\\a\\${inner}.tar`,
    `${inner}.tar.gz`,
  ]) {
    assert.deepEqual(findPublishedName(path), parsePublishedName(inner), path);
  }
  assert.equal(findPublishedName('/a/model.ckpt'), undefined);
});
