import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { readCsv } from '../../src/io/exchange/csv.ts';
import { formatPublishedName } from '../../src/layers/published-name.ts';
import {
  PUBLISHED_CHECKPOINTS,
  type PublishedCheckpoint,
  pointsOf,
  publishedCheckpoint,
  selectCheckpoints,
} from '../../src/results/catalogue.ts';
import { downloadAddress } from '../../src/results/fetch-checkpoint.ts';
import { loadResults } from '../../src/results/load-results.ts';
import { sharedTest } from '../support/shared.ts';

const RESULTS = ['data', 'state_of_sparsity', 'results'];

test('there are 28 Transformers and 21 ResNet-50s, each under its own name', () => {
  const count = (filter: Parameters<typeof selectCheckpoints>[0]) => selectCheckpoints(filter).length;
  assert.deepEqual([count({}), count({ model: 'transformer' }), count({ model: 'rn50' })], [49, 28, 21]);
  assert.equal(new Set(PUBLISHED_CHECKPOINTS.map(({ name }) => name)).size, 49);
  for (const { name, settings, sparsity, keptWeights, totalWeights } of PUBLISHED_CHECKPOINTS) {
    assert.equal(formatPublishedName(settings), name);
    assert.ok(Math.abs(1 - keptWeights / totalWeights - sparsity) < 0.009, name);
  }
  assert.equal(count({ technique: 'l0_regularization' }), 7);
  assert.equal(count({ sparsity: { least: 0.96, most: 1 } }), 4 + 4);
  assert.equal(
    count({ model: 'rn50', technique: 'magnitude_pruning', sparsity: { least: 0.9, most: 0.9 } }),
    2,
  );
});

sharedTest('names, results and counts are those of the published tables', ['spec'], async (spec) => {
  const transformer = await readFile(join(spec, 'transformer.md'), 'utf8');
  const names = tableRows(transformer.slice(transformer.indexOf('# 8. '), transformer.indexOf('# 9. ')));
  let technique = '';
  let found = 0;
  for (const [first, tail, bleu] of names) {
    if (!/^\d\.\d/.test(tail)) continue;
    technique = first || technique;
    const checkpoint = publishedCheckpoint(`${technique}_${tail}`);
    assert.equal(checkpoint.figure, Number(bleu), tail);
    assert.ok(transformer.includes(downloadAddress(checkpoint).replace(`${technique}_${tail}`, '<name>')));
    found++;
  }
  assert.equal(found, 28);

  const resnet = await readFile(join(spec, 'resnet50.md'), 'utf8');
  const published = tableRows(resnet.slice(resnet.indexOf('### 5.3'), resnet.indexOf('## 6. ')));
  for (const [name, advertised, , , kept, row] of published.filter((cells) => /_0\.\d/.test(cells[0]))) {
    const checkpoint = publishedCheckpoint(name);
    const [percent, accuracy] = advertised.split(' % / ').map(Number);
    assert.deepEqual(
      [checkpoint.sparsity, pointsOf(checkpoint.metric, checkpoint.figure)],
      [percent / 100, accuracy],
      name,
    );
    assert.equal(checkpoint.keptWeights, Number(/^[\d,]+/.exec(kept)![0].replaceAll(',', '')), name);
    const total = /\/ ([\d,]+)/.exec(kept)?.[1].replaceAll(',', '');
    if (total !== undefined) assert.equal(checkpoint.totalWeights, Number(total), name);
    const line = /line (\d+): /.exec(row)?.[1];
    assert.equal(checkpoint.row?.line, line === undefined ? undefined : Number(line), name);
    assert.ok(resnet.includes(downloadAddress(checkpoint).replace(name, '<name>')));
    found++;
  }
  assert.equal(found, 49);
});

sharedTest(
  'the counts are those of the patterns that were taken from the checkpoints',
  ['data', 'dlmc'],
  async (dlmc) => {
    const csv = await readCsv(join(dlmc, 'dlmc.csv'));
    const [path, rows, columns, nonzero] = ['path', 'nrows', 'ncols', 'nnz'].map((name) =>
      csv.header.indexOf(name),
    );
    const sums = new Map<string, { kept: number; total: number }>();
    for (const { cells } of csv.rows) {
      const set = cells[path].split('/').slice(1, 4).join('/');
      const { kept, total } = sums.get(set) ?? { kept: 0, total: 0 };
      sums.set(set, {
        kept: kept + Number(cells[nonzero]),
        total: total + Number(cells[rows]) * Number(cells[columns]),
      });
    }
    assert.equal(sums.size, 49);
    for (const { model, technique, settings, keptWeights, totalWeights, name } of PUBLISHED_CHECKPOINTS) {
      const extended = 'schedule' in settings && settings.schedule === 'extended';
      const set = `${model}/${extended ? 'extended_' : ''}${technique}/${settings.sparsity}`;
      assert.deepEqual(sums.get(set), { kept: keptWeights, total: totalWeights }, name);
    }
  },
);

sharedTest(
  'each has its run in the published results, with the settings of its name',
  RESULTS,
  async (path) => {
    const rows = await loadResults(path);
    const without = PUBLISHED_CHECKPOINTS.filter(({ row }) => row === undefined).map(({ name }) => name);
    assert.deepEqual(without, [
      'extended_threshold_0.8_12500_40000_2000_0.1',
      'extended_threshold_0.91_12500_36000_2000_0.1',
      'extended_threshold_0.96_7500_36000_1000_0.0',
      'extended_threshold_0.98_12500_36000_500_0.0',
      'variational_dropout_0.95_40000_100000_3.90269184267e-07_0.1',
    ]);
    for (const checkpoint of PUBLISHED_CHECKPOINTS) {
      const { row, name, logAlphaThreshold, metric, figure } = checkpoint;
      if (row === undefined) continue;
      const run = rows.find(({ file, line, settings }) => {
        const threshold = settings.logAlphaThreshold ?? logAlphaThreshold;
        return file === row.file && line === row.line && threshold === logAlphaThreshold;
      });
      assert.ok(run, name);
      assert.deepEqual([run.model, run.technique], [checkpoint.model, checkpoint.technique]);
      assertSettings(checkpoint, run.settings);
      // The published table has 58.04 for random pruning at 95 %, and cuts two others off.
      const slack = checkpoint.model === 'rn50' && checkpoint.technique === 'random_pruning' ? 0.05 : 0.005;
      assert.ok(Math.abs(run.quality - pointsOf(metric, figure)) < slack, `${name}: ${run.quality}`);
      const kept = 1 - checkpoint.keptWeights / checkpoint.totalWeights;
      // The pruning of ResNet-50 is listed by its target, which the last of the random ones does not reach.
      const reached = name === 'standard_random_cumulative_0.98_20000_40000_8000_0.0' ? 0.008 : 0.000_002;
      assert.ok(Math.abs(run.sparsity - kept) < reached, `${name}: ${run.sparsity}, ${kept}`);
    }
  },
);

test('a name that does not exist is refused with the nearest', () => {
  assert.equal(publishedCheckpoint('standard_threshold_0.5_40000_100000_2000_0.1.tar').figure, 0.7653);
  assert.throws(
    () => publishedCheckpoint('standard_treshold_0.5_40000_100000_2000_0.1'),
    (error: Error) =>
      error instanceof UsageError &&
      /mean standard_threshold_0\.5_40000_100000_2000_0\.1\?/.test(error.message),
  );
  assert.throws(() => publishedCheckpoint('x'), /"tsos list" has their names/);
});

test('an address to download from must be one of the web', () => {
  const [checkpoint] = PUBLISHED_CHECKPOINTS;
  assert.equal(downloadAddress(checkpoint, 'http://mirror:80/a/'), `http://mirror/a/${checkpoint.path}`);
  for (const from of ['mirror', 'ftp://mirror/a', '']) {
    assert.throws(() => downloadAddress(checkpoint, from), UsageError);
  }
});

/** Cells of all tables of a Markdown text. */
function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((text) => text.trim()),
  );
}

function assertSettings(
  { settings, name }: PublishedCheckpoint,
  run: Readonly<Record<string, number | string>>,
): void {
  const { model: _, technique: __, sparsity: ___, ...rest } = settings;
  const said: Record<string, number | string> = { ...rest };
  if ('regularization' in run) {
    const label = { '0.1/0.1': 'dropout+label_smoothing', '0/0.1': 'label_smoothing', '0/0': 'none' };
    assert.equal(
      run.regularization,
      label[`${said.dropout}/${said.labelSmoothing}` as keyof typeof label],
      name,
    );
  } else {
    assert.equal(run.labelSmoothing, said.labelSmoothing, name);
  }
  for (const key of [
    'beginStep',
    'endStep',
    'frequency',
    'weightFunction',
    'rampStart',
    'rampSteps',
    'rampEnd',
  ]) {
    assert.equal(run[key], said[key], `${key} of ${name}`);
  }
  // Names round it to 3 digits and more.
  if ('lossWeight' in said) {
    assert.ok(Math.abs(Number(run.lossWeight) / Number(said.lossWeight) - 1) < 0.002, name);
  }
}
