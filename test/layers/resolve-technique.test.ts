import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError, UsageError } from '../../src/base/errors.ts';
import { TECHNIQUES, type Technique } from '../../src/base/technique.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../../src/layers/resolve-technique.ts';

const SITE = 'sparse_transformer/body/encoder/layer_0/ffn/conv1';
const SHARED = 'sparse_transformer/symbol_modality_33288_512/shared';
const VARIABLES: Record<Technique, string[]> = {
  dense: [`${SITE}/kernel`, `${SHARED}/weights_0`],
  magnitude_pruning: [`${SITE}/fully_connected/weights`, `${SITE}/fully_connected/mask`, `${SHARED}//mask`],
  random_pruning: [`${SITE}/fully_connected/weights`, `${SITE}/fully_connected/mask`, `${SHARED}//mask`],
  variational_dropout: [`${SITE}/kernel`, `${SITE}/log_sigma2`, `${SHARED}/weights_0_aux`],
  l0_regularization: [`${SITE}/kernel`, `${SITE}/log_alpha`, `${SHARED}/weights_0_aux`],
};

function named(names: string[], path = 'model.ckpt') {
  const slots = names.flatMap((name) => [
    `training/${name}/Adam`,
    `training/${name}/Adam_1`,
    `${name}/Momentum`,
  ]);
  return { path, names: () => [...names, ...slots, 'global_step'] };
}

test('a technique is recognised from the variables it needs, beside slots of the optimizer', () => {
  for (const technique of TECHNIQUES) {
    const expected = technique === 'random_pruning' ? 'magnitude_pruning' : technique;
    assert.equal(resolveTechnique(named(VARIABLES[technique])), expected);
    assert.equal(resolveTechnique(named(VARIABLES[technique]), technique), technique);
  }
});

test('variables below training/ do not count', () => {
  assert.equal(resolveTechnique(named([`training/${SITE}/log_sigma2`, `${SITE}/kernel`])), 'dense');
});

test('the published directory name tells random pruning from magnitude pruning', () => {
  for (const name of [
    'random_pruning_0.5_200000_500000_1000_0.0_0.1',
    'standard_random_cumulative_0.5_20000_40000_4000_0.1',
  ]) {
    const checkpoint = named(VARIABLES.random_pruning, `/models/${name}/model.ckpt-500000`);
    assert.equal(resolveTechnique(checkpoint), 'random_pruning');
    assert.equal(resolveTechnique(checkpoint, 'magnitude_pruning'), 'magnitude_pruning');
    assert.equal(
      resolveTechnique(named(VARIABLES.variational_dropout, `/models/${name}/x`)),
      'variational_dropout',
    );
  }
});

test('metadata tell random pruning from magnitude pruning', () => {
  const metadata = { technique: 'random_pruning' };
  assert.equal(resolveTechnique({ ...named(VARIABLES.random_pruning), metadata }), 'random_pruning');
  assert.equal(resolveTechnique({ ...named(VARIABLES.l0_regularization), metadata }), 'l0_regularization');
});

test('a technique the checkpoint has no variables for is refused, in one sentence', () => {
  const pruning: Technique[] = ['magnitude_pruning', 'random_pruning'];
  for (const held of TECHNIQUES) {
    for (const asked of TECHNIQUES) {
      if (held === asked || (pruning.includes(held) && pruning.includes(asked))) continue;
      assert.throws(
        () => resolveTechnique(named(VARIABLES[held]), asked),
        (error: Error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, new RegExp(`^model.ckpt: not a ${asked} checkpoint, `));
          return true;
        },
      );
    }
  }
});

test('variables of two techniques need a word which to read', () => {
  const both = named([...VARIABLES.variational_dropout, ...VARIABLES.l0_regularization]);
  assert.throws(() => resolveTechnique(both), DataError);
  assert.equal(resolveTechnique(both, 'l0_regularization'), 'l0_regularization');
});

test('the log-alpha threshold is the option, else that of the published name, else 3', () => {
  const path = '/models/variational_dropout_0.7_linear_0_500000_2.22E-08_0.0_0.0_1.5/model.ckpt-500000';
  assert.deepEqual(resolveLogAlphaThreshold({ path }, 0), { value: 0, source: 'option' });
  assert.deepEqual(resolveLogAlphaThreshold({ path }), { value: 1.5, source: 'published name' });
  const resnet = '/models/variational_dropout_0.8_40000_68000_3.90269184267e-08_0.0.tar';
  assert.deepEqual(resolveLogAlphaThreshold({ path: resnet }), { value: 0.5, source: 'published name' });
  assert.deepEqual(resolveLogAlphaThreshold({ path: '/models/model.ckpt' }), { value: 3, source: 'default' });
  const l0 = '/models/l0_regularization_0.7_cubic_0_100000_0.000000289_0.0_0.0/model.ckpt';
  assert.deepEqual(resolveLogAlphaThreshold({ path: l0 }), { value: 3, source: 'default' });
  const metadata = { log_alpha_threshold: '2.25' };
  assert.deepEqual(resolveLogAlphaThreshold({ path, metadata }), { value: 2.25, source: 'metadata' });
  assert.throws(() => resolveLogAlphaThreshold({ path }, Number.NaN), UsageError);
});
