import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readStudy, type Study } from '../../src/study/study-file.ts';
import { studyRuns } from '../../src/study/study-runs.ts';
import { withDirectory } from '../io/support.ts';
import { dataErrorOf } from '../support/data-error.ts';

const STUDY = {
  model: 'transformer',
  settings: { inputs: ['a'], targets: ['b'], vocab: 'v', trainSteps: 400 },
  start: { name: 'dense', settings: { trainSteps: 300 } },
  runs: [
    {
      name: 'magnitude',
      settings: { technique: 'magnitude_pruning' },
      grid: { targetSparsity: [0.5, 0.9], seed: [0, 1] },
    },
    { name: 'l0', settings: { technique: 'l0_regularization', penaltyWeight: 1e-6 } },
  ],
  test: { inputs: ['c'], targets: ['d'] },
} satisfies Study;

const runsOf = (study: Study) => studyRuns(study, 'study.json', (name) => `runs/${name}`);

test('a grid has a run for each combination, and all begin with the first', () => {
  const { start, others } = runsOf(STUDY);
  assert.deepEqual([start?.name, start?.settings.trainSteps], ['dense', 300]);
  assert.equal(start?.settings.warmStartFrom, undefined);
  assert.deepEqual(
    others.map(({ name }) => name),
    [
      'magnitude-targetSparsity=0.5-seed=0',
      'magnitude-targetSparsity=0.5-seed=1',
      'magnitude-targetSparsity=0.9-seed=0',
      'magnitude-targetSparsity=0.9-seed=1',
      'l0',
    ],
  );
  const [, , , last] = others;
  const { targetSparsity, seed, trainSteps, warmStartFrom, technique } = last.settings;
  assert.deepEqual(
    { targetSparsity, seed, trainSteps, warmStartFrom, technique },
    {
      targetSparsity: 0.9,
      seed: 1,
      trainSteps: 400,
      warmStartFrom: 'runs/dense',
      technique: 'magnitude_pruning',
    },
  );
});

test('a study that cannot be is refused with the run that is wrong', async () => {
  const [magnitude] = STUDY.runs;
  for (const [study, message] of [
    [{ ...STUDY, settings: {} }, /study\.json: run dense: inputs is missing/],
    [
      { ...STUDY, settings: { ...STUDY.settings, width: 8 } },
      /run dense: width is no setting of transformer/,
    ],
    [{ ...STUDY, runs: [magnitude, magnitude] }, /has two runs named magnitude-targetSparsity=0\.5-seed=0/],
    [{ ...STUDY, runs: [{ name: 'dense' }] }, /has two runs named dense/],
    [
      { ...STUDY, runs: [{ ...magnitude, grid: { targetSparsity: [1] } }] },
      /run magnitude-targetSparsity=1: .*sparsity/i,
    ],
    [
      { ...STUDY, runs: [{ ...magnitude, grid: {} }] },
      /run magnitude: magnitude_pruning needs the sparsity to aim at/,
    ],
  ] as const) {
    assert.throws(() => runsOf(study as Study), { name: 'DataError', message });
  }
});

test('a file that is no study is refused with the place in it', async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, 'study.json');
    for (const [value, message] of [
      [[], /is no study for "tsos sweep": it is a list of 0/],
      [{ ...STUDY, model: 'rn18' }, /model is "rn18"; it must be "transformer" or "rn50"/],
      [{ ...STUDY, runs: [] }, /runs is a list of 0; it must be a list of at least 1/],
      [{ ...STUDY, presets: 'paper' }, /presets is not known; there are .*preset/],
      [
        { ...STUDY, runs: [{ name: 'a', gird: {} }] },
        /runs\[0\]\.gird is not known; there are name, settings, grid/,
      ],
      [{ ...STUDY, runs: [{ name: '../a' }] }, /runs\[0\]\.name is "\.\.\/a"/],
      [{ ...STUDY, test: { data: ['x'] } }, /test\.inputs is missing, which transformer is measured with/],
      [{ ...STUDY, runs: [{ name: 'a', grid: { seed: 3 } }] }, /runs\[0\]\.grid\.seed is 3/],
    ] as const) {
      await writeFile(file, JSON.stringify(value));
      await dataErrorOf(readStudy(file), message);
    }
    await writeFile(file, JSON.stringify(STUDY));
    assert.deepEqual(await readStudy(file), STUDY);
  });
});
