import assert from 'node:assert/strict';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadResults } from '../../src/results/load-results.ts';
import { studyFigures } from '../../src/results/plots/study.ts';
import type { Study } from '../../src/study/study-file.ts';
import { type SweepOptions, sweep } from '../../src/study/sweep.ts';
import { makeShards } from '../io/pictures/made-pictures.ts';
import { withDirectory } from '../io/support.ts';
import { testGpu } from '../support/gpu.ts';
import { smallResNet, smallTransformer } from '../train/run/small-runs.ts';

/** A study of seconds: a dense start, two targets of pruning, and variational dropout. */
async function smallStudy(directory: string): Promise<string> {
  const { model, technique: _, ...settings } = await smallTransformer(directory, 'dense', { trainSteps: 4 });
  const study: Study = {
    model,
    settings,
    start: { name: 'dense' },
    runs: [
      {
        name: 'magnitude',
        settings: { technique: 'magnitude_pruning', beginPruningStep: 0, endPruningStep: 2 },
        grid: { targetSparsity: [0.5, 0.8] },
      },
      { name: 'vd', settings: { technique: 'variational_dropout', penaltyWeight: 1e-4 } },
    ],
    test: { inputs: [await someOf(settings.inputs)], targets: [await someOf(settings.targets)] },
  };
  const file = join(directory, 'small-study.json');
  await writeFile(file, JSON.stringify(study));
  return file;
}

/** As many lines as are soon translated at eleven thresholds. */
async function someOf([file]: readonly string[]): Promise<string> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, 8);
  await writeFile(`${file}.test`, `${lines.join('\n')}\n`);
  return `${file}.test`;
}

test('a sweep that is stopped goes on, and comes to the same tables', async () => {
  await withDirectory(async (directory) => {
    const gpu = await testGpu();
    const file = await smallStudy(directory);
    const [whole, parts] = ['whole', 'parts'].map((name) => join(directory, name));
    const { results } = await sweep(gpu, file, whole);
    assert.deepEqual(
      results.map(({ name, measurements }) => [name, measurements.length]),
      [
        ['dense', 1],
        ['magnitude-targetSparsity=0.5', 1],
        ['magnitude-targetSparsity=0.8', 1],
        ['vd', 11],
      ],
    );
    // In the middle of the second run; the folder has another name, which is in no table.
    let runs = 0;
    const controller = new AbortController();
    const stopping: SweepOptions = {
      signal: controller.signal,
      onRun: () => runs++,
      onStep: ({ step }) => {
        if (runs === 2 && step === 2) controller.abort(new Error('stopped'));
      },
    };
    await assert.rejects(sweep(gpu, file, parts, stopping), /stopped/);
    const again: string[] = [];
    await sweep(gpu, file, parts, { onRun: ({ name }) => again.push(name) });
    assert.deepEqual(again, ['magnitude-targetSparsity=0.5', 'magnitude-targetSparsity=0.8', 'vd']);
    assert.deepEqual(await tablesOf(parts), await tablesOf(whole));
    // Nothing is done twice.
    await sweep(gpu, file, parts, { onRun: ({ name }) => assert.fail(name) });

    const rows = await loadResults(whole);
    assert.deepEqual(
      // Of layers this small no share of whole weights is quite the target.
      rows
        .filter(({ technique }) => technique === 'magnitude_pruning')
        .map(({ sparsity }) => Math.round(10 * sparsity)),
      [5, 8],
    );
    assert.equal(rows.filter(({ technique }) => technique === 'variational_dropout').length, 11);
    assert.equal(rows.filter(({ experiment }) => experiment === 'baseline').length, 1);
    const figures = await studyFigures(rows, rows);
    assert.deepEqual(
      figures.map(({ name }) => name),
      ['transformer-study', 'transformer-beside-the-paper'],
    );
    assert.match(figures[0].svg, /magnitude pruning/);
  });
});

test('a study may get more runs, but none that was done may be another', async () => {
  await withDirectory(async (directory) => {
    const gpu = await testGpu();
    const file = await smallStudy(directory);
    const study: Study = JSON.parse(await readFile(file, 'utf8'));
    const [magnitude] = study.runs;
    const output = join(directory, 'output');
    const write = (changed: Partial<Study>) => writeFile(file, JSON.stringify({ ...study, ...changed }));
    await write({ runs: [{ ...magnitude, grid: { targetSparsity: [0.5] } }] });
    await sweep(gpu, file, output);
    const begun: string[] = [];
    const onRun: SweepOptions['onRun'] = ({ name }) => begun.push(name);
    await write({ settings: { ...study.settings, checkpointEvery: 2 }, runs: [magnitude] });
    // The same folder by another path, and what changes nothing of what is trained.
    const linked = join(directory, 'linked');
    await symlink(output, linked);
    const { results } = await sweep(gpu, file, linked, { onRun });
    assert.deepEqual(begun, ['magnitude-targetSparsity=0.8']);
    assert.equal(results.length, 3);
    assert.deepEqual(JSON.parse(await readFile(join(output, 'study.json'), 'utf8')).runs, [magnitude]);

    const refused = async (changed: Partial<Study>, message: RegExp) => {
      await write({ ...changed, runs: changed.runs ?? [magnitude, { name: 'more' }] });
      await assert.rejects(sweep(gpu, file, output, { onRun: ({ name }) => assert.fail(name) }), {
        exitCode: 2,
        message,
      });
    };
    await refused(
      { settings: { ...study.settings, warmupSteps: 2 } },
      /output: run dense was done with other settings than .* has now: warmupSteps was 3, is 2; set them back, give the run another name, or/,
    );
    await refused(
      { runs: [{ ...magnitude, settings: { ...magnitude.settings, endPruningStep: 3, seed: 9 } }] },
      /run magnitude-targetSparsity=0.5 .*: (seed was 3, is 9, endPruningStep was 2, is 3|endPruningStep was 2, is 3, seed was 3, is 9);/,
    );
    await refused(
      { start: undefined },
      /magnitude-targetSparsity=0.5 .*: warmStartFrom was ".*dense", is not given;/,
    );
    const { inputs, targets } = study.test as { inputs: string[]; targets: string[] };
    await refused(
      { test: { inputs: targets, targets: inputs } },
      /its results were measured with \{"inputs":.*\}, .* says \{.*\} now; set that back/,
    );
    // Data to measure with are looked for before anything is trained.
    await write({ test: { inputs: [join(directory, 'none')], targets } });
    await assert.rejects(
      sweep(gpu, file, join(directory, 'other'), { onRun: ({ name }) => assert.fail(name) }),
      { exitCode: 3, message: /none: there is no such file/ },
    );
    // Of a run that was only begun, too.
    await rm(join(output, 'results', 'magnitude-targetSparsity=0.5.json'));
    await refused(
      { runs: [{ ...magnitude, settings: { ...magnitude.settings, seed: 9 } }] },
      /run magnitude-targetSparsity=0.5 .*: seed was 3, is 9;/,
    );
  });
});

test('a run that diverges is a result, and does not keep the others from theirs', async () => {
  await withDirectory(async (directory) => {
    const {
      model,
      technique: _,
      ...settings
    } = await smallTransformer(directory, 'dense', { trainSteps: 3 });
    const study: Study = {
      model,
      // Evaluated too, which numbers that are none cannot be.
      settings: { ...settings, warmupSteps: 0, evalInputs: settings.inputs, evalTargets: settings.targets },
      runs: [{ name: 'wild', settings: { learningRate: 1e30 } }, { name: 'tame' }],
      test: { inputs: settings.inputs, targets: settings.targets },
    };
    const file = join(directory, 'own.json');
    await writeFile(file, JSON.stringify(study));
    const output = join(directory, 'output');
    const { results } = await sweep(await testGpu(), file, output);
    assert.match(`${results[0].diverged}`, /the training has diverged/);
    assert.deepEqual(
      results.map(({ measurements }) => measurements.length),
      [0, 1],
    );
    assert.equal((await loadResults(output)).length, 1);
    await sweep(await testGpu(), file, output, { onRun: ({ name }) => assert.fail(name) });
  });
});

test('workers share runs, each does none that another has done, and the start is done once', async () => {
  await withDirectory(async (directory) => {
    const gpu = await testGpu();
    const file = await smallStudy(directory);
    const output = join(directory, 'output');
    const done: string[] = [];
    for (const index of [1, 0]) {
      const { results } = await sweep(gpu, file, output, {
        shard: { index, count: 2 },
        onRun: ({ name }) => done.push(name),
      });
      assert.equal(results.length, index === 0 ? 3 : 2);
    }
    assert.deepEqual(done, ['dense', 'magnitude-targetSparsity=0.8', 'magnitude-targetSparsity=0.5', 'vd']);
    assert.equal((await readdir(join(output, 'results'))).length, 4);
  });
});

test('a sweep of residual networks has their tables', async () => {
  await withDirectory(async (directory) => {
    const { model, technique: _, ...settings } = await smallResNet(directory, 'dense', { trainSteps: 2 });
    await makeShards(directory, [10]);
    const study: Study = {
      model,
      settings,
      runs: [
        { name: 'dense' },
        { name: 'random', settings: { technique: 'random_pruning', targetSparsity: 0.5, endPruningStep: 1 } },
      ],
      test: { data: [directory] },
    };
    const file = join(directory, 'pictures.json');
    await writeFile(file, JSON.stringify(study));
    const output = join(directory, 'output');
    const { tables } = await sweep(await testGpu(), file, output);
    assert.deepEqual(tables, [
      'results.csv',
      'sparse_rn50/technique_comparison/rn50_baselines.csv',
      'sparse_rn50/technique_comparison/rn50_random_pruning.csv',
    ]);
    const rows = await loadResults(output);
    assert.deepEqual(
      rows.map(({ technique, settings: { trainingSteps, endStep } }) => [
        technique,
        trainingSteps ?? endStep,
      ]),
      [
        ['dense', 2],
        ['random_pruning', 1],
      ],
    );
  });
});

async function tablesOf(folder: string): Promise<string[]> {
  const tables = join(folder, 'sparse_transformer', 'technique_comparison');
  const names = (await readdir(tables)).sort();
  return Promise.all(names.map((name) => readFile(join(tables, name), 'utf8')));
}
