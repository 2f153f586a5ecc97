import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { PUBLISHED_CHECKPOINTS } from '../../src/results/catalogue.ts';
import { loadResults, type ResultRow } from '../../src/results/load-results.ts';
import {
  bestRows,
  columnsOf,
  filterRows,
  implausibleRows,
  parseCondition,
  sortRows,
} from '../../src/results/query.ts';
import { isWithin, parseRange } from '../../src/results/range.ts';
import { RESULT_FILES } from '../../src/results/result-files.ts';
import { dataErrorOf, withDirectory } from '../io/support.ts';
import fc from '../support/fast-check.ts';
import { sharedTest } from '../support/shared.ts';

const RESULTS = ['data', 'state_of_sparsity', 'results'];

/** Lines of each file below its header, and the least and largest of what they measure: quality, then sparsity. */
const EXPECTED: Readonly<Record<string, readonly [lines: number, quality: string, sparsity: string]>> = {
  transformer_baselines: [5, '27.12 27.52', '0.0000 0.0000'],
  transformer_magnitude_pruning: [504, '0.00 26.33', '0.4995 0.9800'],
  transformer_random_pruning: [630, '0.00 24.56', '0.4995 0.9800'],
  transformer_variational_dropout: [372, '0.00 26.57', '0.0667 0.9883'],
  transformer_l0_regularization: [930, '15.60 27.36', '0.0004 0.9795'],
  transformer_lottery_ticket: [175, '12.62 24.88', '0.5000 0.9800'],
  transformer_scratchb: [175, '13.34 26.24', '0.5000 0.9800'],
  transformer_scratchb_augmented_init: [175, '12.52 25.14', '0.5000 0.9800'],
  transformer_scratche: [175, '0.00 24.97', '0.5000 0.9800'],
  transformer_scratche_augmented_init: [175, '0.00 24.68', '0.5000 0.9800'],
  rn50_baselines: [3, '76.59 76.80', '0.0000 0.0000'],
  rn50_magnitude_pruning: [236, '57.90 76.53', '0.5000 0.9800'],
  rn50_random_pruning: [288, '28.14 74.59', '0.5000 0.9800'],
  rn50_variational_dropout: [161, '59.88 76.72', '0.0258 0.9895'],
  rn50_l0_regularization: [323, '0.08 40.50', '0.0000 0.9996'],
  rn50_lottery_ticket: [48, '50.95 74.76', '0.5000 0.9800'],
  rn50_scratch_lr_scaled: [20, '62.21 75.86', '0.5000 0.9500'],
  rn50_scratch_lr_constant_final: [10, '62.37 75.08', '0.5000 0.9500'],
  rn50_scratch_lr_constant_decay: [12, '47.15 72.50', '0.5000 0.9800'],
  rn50_scratch_lr_continual_decay: [12, '44.88 71.45', '0.5000 0.9800'],
};

sharedTest(
  'all twenty files load, with the rows and ranges they were published with',
  RESULTS,
  async (path) => {
    const rows = await loadResults(path);
    assert.equal(RESULT_FILES.length, 20);
    const loaded = RESULT_FILES.map(({ path }) => {
      const of = rows.filter(({ file }) => file === path);
      return [
        /(\w+)\.csv$/.exec(path)![1],
        [
          new Set(of.map(({ line }) => line)).size,
          ends(
            of.map(({ quality }) => quality),
            2,
          ),
          ends(
            of.map(({ sparsity }) => sparsity),
            4,
          ),
        ],
      ];
    });
    assert.deepEqual(Object.fromEntries(loaded), EXPECTED);
    // Eleven thresholds a line, and nine runs.
    const count = (name: string) => rows.filter(({ file }) => file.endsWith(`${name}.csv`)).length;
    assert.equal(count('transformer_variational_dropout'), 11 * 372);
    assert.equal(count('rn50_scratch_lr_scaled'), 9 * 20);
    assert.equal(count('rn50_scratch_lr_constant_final'), 9 * 10);
  },
);

sharedTest('means are those of the files', RESULTS, async (path) => {
  const rows = await loadResults(path);
  const mean = (name: string, of: (row: ResultRow) => number) => {
    const values = rows.filter(({ file }) => file.endsWith(`/${name}.csv`)).map(of);
    return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4);
  };
  const quality = ({ quality }: ResultRow) => quality;
  const sparsity = ({ sparsity }: ResultRow) => sparsity;
  assert.equal(mean('transformer_magnitude_pruning', quality), '18.0099');
  assert.equal(mean('transformer_random_pruning', quality), '16.9074');
  assert.equal(mean('transformer_l0_regularization', quality), '25.4800');
  assert.equal(mean('transformer_l0_regularization', sparsity), '0.4419');
  assert.equal(mean('transformer_lottery_ticket', quality), '21.0446');
  assert.equal(mean('transformer_scratchb', quality), '21.7305');
  assert.equal(mean('rn50_magnitude_pruning', quality), '74.3510');
  assert.equal(mean('rn50_random_pruning', quality), '64.6392');
  assert.equal(mean('rn50_variational_dropout', quality), '72.1455');
  assert.equal(mean('rn50_variational_dropout', sparsity), '0.7606');
});

sharedTest(
  'cells come to where they belong, also below swapped and empty headings',
  RESULTS,
  async (path) => {
    const rows = await loadResults(path);
    const first = (name: string) => rows.find(({ file }) => file.endsWith(`${name}.csv`))!;
    assert.deepEqual(first('rn50_scratch_lr_constant_decay'), {
      file: 'sparse_rn50/scratch_lotto/rn50_scratch_lr_constant_decay.csv',
      line: 2,
      model: 'rn50',
      experiment: 'scratch',
      variant: 'lr_constant_decay',
      technique: 'random_pruning',
      sparsity: 0.5,
      level: 0.5,
      quality: 72.50199914,
      settings: {
        timeMultiplier: 2,
        initMethod: 'sparse',
        beginStep: 20_000,
        endStep: 40_000,
        frequency: 4000,
        labelSmoothing: 0.1,
      },
    });
    const l0 = rows.filter(({ model, technique }) => model === 'rn50' && technique === 'l0_regularization');
    for (const { settings } of l0) {
      assert.ok([0, 0.1].includes(Number(settings.labelSmoothing)));
      assert.ok(Number(settings.weightDecay) < 0.0002);
    }
    const run = rows.find(({ file, line, settings }) => {
      return (
        file.endsWith('transformer_variational_dropout.csv') && line === 3 && settings.logAlphaThreshold === 2
      );
    });
    assert.deepEqual([run?.quality, run?.sparsity, run?.level], [14.45, 0.978415071964, 0.98]);
    assert.equal(run?.settings.regularization, 'label_smoothing');
  },
);

sharedTest(
  'the best run of each technique and sparsity is the one that was published',
  RESULTS,
  async (path) => {
    const best = bestRows((await loadResults(path)).filter(({ experiment }) => experiment === 'comparison'));
    const places = new Set(best.map(({ file, line }) => `${file}:${line}`));
    const published = PUBLISHED_CHECKPOINTS.flatMap(({ row }) =>
      row === undefined ? [] : [`${row.file}:${row.line}`],
    );
    assert.equal(published.length, 44);
    for (const place of published) assert.ok(places.has(place), place);
    // Beside these there are the best of L0 on ResNet-50, of which nothing was published, and a stand-in for the one that
    // is in no file.
    const others = best.filter(({ file, line }) => !published.includes(`${file}:${line}`));
    assert.deepEqual(
      others
        .filter(({ technique }) => technique !== 'l0_regularization')
        .map(({ technique, level, line }) => [technique, level, line]),
      [['variational_dropout', 0.95, 75]],
    );
    for (const { technique, quality } of others)
      if (technique === 'l0_regularization') assert.ok(quality < 0.2);
  },
);

sharedTest('files that are not as published are refused', RESULTS, async (path) => {
  await withDirectory(async (directory) => {
    const file = 'sparse_rn50/scratch_lotto/rn50_lottery_ticket.csv';
    const text = await readFile(join(path, file), 'utf8');
    await cp(path, directory, { recursive: true });
    const changed = async (content: string, says: RegExp) => {
      await rm(join(directory, file), { force: true });
      await writeFile(join(directory, file), content);
      const { file: where } = await dataErrorOf(loadResults(directory), says);
      assert.equal(where, join(directory, file));
    };
    await changed(
      text.replace('freq', 'frequency'),
      /column 3 is "frequency" where the published file has "freq"/,
    );
    await changed(text.replaceAll('\n', ',\n'), /has 7 columns where the published file has 6/);
    await changed(text.replace('0.745660007', 'high'), /line 2, column "accuracy": "high" is no number/);
    await rm(join(directory, file));
    await dataErrorOf(loadResults(directory), /rn50_lottery_ticket\.csv: there is no such file/);
  });
});

const ROWS: readonly ResultRow[] = [0.9, 0.5, 0.5, 0.2].map((sparsity, i) => ({
  file: 'x.csv',
  line: i + 2,
  model: 'rn50',
  experiment: 'comparison',
  technique: i === 1 ? 'random_pruning' : 'magnitude_pruning',
  sparsity,
  ...(sparsity < 0.5 ? {} : { level: sparsity }),
  quality: 10 * i,
  settings: i === 3 ? {} : { frequency: 1000 * (3 - i), initMethod: i === 0 ? 'sparse' : 'baseline' },
}));
const lines = (rows: readonly ResultRow[]) => rows.map(({ line }) => line);
const linesWhere = (...conditions: string[]) => lines(filterRows(ROWS, conditions.map(parseCondition)));

test('conditions on words, numbers and ranges all hold', () => {
  assert.deepEqual(linesWhere(), [2, 3, 4, 5]);
  assert.deepEqual(linesWhere('technique=magnitude_pruning'), [2, 4, 5]);
  assert.deepEqual(linesWhere('sparsity=0.5'), [3, 4]);
  assert.deepEqual(linesWhere('sparsity=0.5..'), [2, 3, 4]);
  assert.deepEqual(linesWhere('sparsity=..0.5', 'quality=15..25'), [4]);
  assert.deepEqual(linesWhere('frequency=..1e4'), [2, 3, 4]);
  assert.deepEqual(linesWhere('initMethod=baseline', 'frequency=2e3'), [3]);
  assert.deepEqual(linesWhere('initMethod=dense'), []);
});

test('conditions that cannot be read are refused', () => {
  for (const [condition, says] of [
    ['sparsity', /is no condition; write column=value/],
    ['sparsity=', /is no condition/],
    ['sparsity=1..a', /neither a number nor a range/],
    ['sparsity=..', /neither a number nor a range/],
    ['sparsity=1..0', /is empty/],
    ['sparsitty=1', /did you mean sparsity\?; there are model, experiment, /],
    ['bleu=1', /no column is called "bleu".*; there are model, .*quality/],
  ] as const) {
    assert.throws(
      () => linesWhere(condition),
      (error: Error) => error instanceof UsageError && says.test(error.message),
      condition,
    );
  }
  const { least, most } = parseRange('-1e-3..5');
  assert.ok(least < -0.001 && least > -0.00101 && most > 5 && most < 5.01);
});

test('numbers compare as people write them', () => {
  const near = ROWS.map((row, i) => ({ ...row, sparsity: [0.900000691, 0.9, 0.8999999, 0.91][i] }));
  const wanted = (condition: string) => lines(filterRows(near, [parseCondition(condition)]));
  assert.deepEqual(wanted('sparsity=0.9'), [2, 3, 4]);
  assert.deepEqual(wanted('sparsity=0.9..'), [2, 3, 4, 5]);
  assert.deepEqual(wanted('sparsity=0.900000691'), [2]);
  assert.deepEqual(wanted('sparsity=9.1e-1'), [5]);
  assert.deepEqual(wanted('line=3'), [3]);
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, min: -1000, max: 1000 }),
      fc.integer({ min: 0, max: 6 }),
      (value, digits) => {
        const written = value.toFixed(digits);
        const range = parseRange(written);
        assert.ok(isWithin(Number(written), range));
        assert.ok(!isWithin(Number(written) + 0.02 * 10 ** -digits, range));
      },
    ),
  );
});

test('measurements that cannot be are found', () => {
  const wrong = [{ sparsity: 5 }, { quality: 101 }, { sparsity: Number.NaN }, {}].map((part, i) => ({
    ...ROWS[i],
    ...part,
  }));
  assert.deepEqual(lines(implausibleRows(wrong)), [2, 3, 4]);
  assert.deepEqual(implausibleRows(ROWS), []);
});

test('rows are ordered stably, those without a value last', () => {
  assert.deepEqual(lines(sortRows(ROWS, 'sparsity')), [5, 3, 4, 2]);
  assert.deepEqual(lines(sortRows(ROWS, 'sparsity', true)), [2, 3, 4, 5]);
  assert.deepEqual(lines(sortRows(ROWS, 'frequency')), [4, 3, 2, 5]);
  assert.deepEqual(lines(sortRows(ROWS, 'frequency', true)), [2, 3, 4, 5]);
  assert.deepEqual(lines(sortRows(ROWS, 'initMethod', true)), [2, 3, 4, 5]);
  assert.throws(() => sortRows(ROWS, 'frequence'), /did you mean frequency\?/);
});

test('the best are one for each technique and level', () => {
  assert.deepEqual(lines(bestRows(ROWS)), [4, 2, 3]);
  assert.deepEqual(columnsOf(ROWS.slice(3)), [
    'model',
    'experiment',
    'technique',
    'sparsity',
    'quality',
    'file',
    'line',
  ]);
});

function ends(values: readonly number[], digits: number): string {
  return [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits)).join(' ');
}
