import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCsv } from '../../../src/io/exchange/csv.ts';
import type { Sweep } from '../../../src/study/sweep.ts';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema, validatorOf } from '../../support/schema.ts';
import { smallTransformer } from '../../train/run/small-runs.ts';

test('a study is trained, measured, and drawn from its tables', async () => {
  await withDirectory(async (directory) => {
    const {
      model,
      technique: _,
      ...settings
    } = await smallTransformer(directory, 'dense', { trainSteps: 4 });
    const pruned = { technique: 'magnitude_pruning', endPruningStep: 2 };
    const study = {
      model,
      settings,
      runs: [{ name: 'dense' }, { name: 'pruned', settings: pruned, grid: { targetSparsity: [0.5] } }],
      test: { inputs: settings.inputs, targets: settings.targets },
    };
    const file = join(directory, 'own.json');
    const output = join(directory, 'study');
    const sweep = (...args: string[]) => tsos(['sweep', file, '--output', output, ...args]);

    await writeFile(file, JSON.stringify({ ...study, runs: [{ name: 'a', settings: { seeds: 3 } }] }));
    assertOneSentence(await sweep(), 3, /own\.json: run a: seeds is no setting of transformer/);
    assert.ok(!existsSync(output));

    await writeFile(file, JSON.stringify(study));
    const { code, stdout, stderr } = await sweep('--json');
    assert.equal(code, 0, stderr);
    const { results, tables } = await parsedBySchema<Sweep>('sweep', stdout);
    assert.deepEqual(
      results.map(({ name }) => name),
      ['dense', 'pruned-targetSparsity=0.5'],
    );
    assert.equal(tables.length, 3);
    const { header, rows } = await readCsv(join(output, tables[0]));
    assert.deepEqual(header, [
      ...['run', 'technique', 'logAlphaThreshold', 'sparsity'],
      ...['bleu', 'exactMatch', 'steps'],
    ]);
    const cells = results.map(({ name, settings, steps, measurements: [{ sparsity, evaluation }] }) =>
      [name, settings.technique, '', sparsity, evaluation.bleu, evaluation.exactMatch, steps].map(String),
    );
    assert.deepEqual(
      rows.map((row) => row.cells),
      cells,
    );
    const figures = join(directory, 'figures');
    const drawn = await tsos(['results', output, '--plots', figures]);
    assert.equal(drawn.code, 0, drawn.stderr);
    assert.ok(existsSync(join(figures, 'transformer-study.svg')));
  });
});

test('the schema of studies fits those that are shown', async () => {
  const fits = await validatorOf('study');
  for (const name of ['transformer', 'rn50']) {
    const file = new URL(`../../../examples/study/${name}.json`, import.meta.url);
    const study: object = JSON.parse(await readFile(file, 'utf8'));
    assert.ok(fits({ ...study }), JSON.stringify(fits.errors));
    assert.ok(!fits({ ...study, test: {} }));
  }
});
