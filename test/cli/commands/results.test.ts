import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ResultRow } from '../../../src/results/load-results.ts';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { sharedTest } from '../../support/shared.ts';

const RESULTS = ['data', 'state_of_sparsity', 'results'];

sharedTest('results gives an overview of what there is', RESULTS, async (path) => {
  const { code, stdout, stderr } = await tsos(['results', path]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 21);
  assert.match(stdout, /^rn50 +scratch lr_scaled +magnitude_pruning +180 +50\.0 – 95\.0 +62\.21 – 75\.86$/m);
  assert.match(stderr, /8389 of 8389 runs/);
});

sharedTest('results --best --json gives the best runs, by its schema', RESULTS, async (path) => {
  const conditions = ['--filter', 'technique=variational_dropout', '--filter', 'model=transformer'];
  const { code, stdout, stderr } = await tsos(['results', path, '--best', ...conditions, '--json']);
  assert.equal(code, 0, stderr);
  const { rows } = await parsedBySchema<{ rows: ResultRow[] }>('results', stdout);
  assert.deepEqual(
    rows.map(({ level, quality, settings }) => [level, quality, settings.logAlphaThreshold]),
    [
      [0.5, 26.26, 2.5],
      [0.6, 25.37, 2.5],
      [0.7, 25.08, 1.5],
      [0.8, 24.33, 1.5],
      [0.9, 21.43, 2.5],
      [0.95, 19.13, 2.5],
      [0.98, 14.45, 2],
    ],
  );
});

sharedTest('all rows follow the schema', RESULTS, async (path) => {
  const { stdout } = await tsos(['results', path, '--json']);
  assert.equal((await parsedBySchema<{ rows: ResultRow[] }>('results', stdout)).rows.length, 8389);
});

sharedTest('runs are filtered, ordered and cut, as CSV and as a table', RESULTS, async (path) => {
  const query = [
    '--filter',
    'experiment=lottery_ticket',
    '--filter',
    'quality=75..',
    '--filter',
    'model=rn50',
  ];
  assert.match((await tsos(['results', path, ...query])).stderr, /0 of 8389 runs/);
  const last = [
    '--filter=model=rn50',
    '--filter=experiment=lottery_ticket',
    '--sort=quality',
    '--descending',
    '--limit=2',
  ];
  const csv = await tsos(['results', path, ...last, '--csv']);
  assert.equal(csv.code, 0, csv.stderr);
  const folder = 'sparse_rn50/scratch_lotto/rn50_lottery_ticket.csv';
  assert.equal(
    csv.stdout,
    [
      'model,experiment,technique,level,sparsity,quality,file,line,beginStep,endStep,frequency,labelSmoothing',
      `rn50,lottery_ticket,magnitude_pruning,0.5,0.5,74.7560024261,${folder},8,40000,100000,2000,0.1`,
      `rn50,lottery_ticket,magnitude_pruning,0.5,0.5,74.716001749,${folder},10,40000,100000,2000,0.1`,
      '',
    ].join('\n'),
  );
  const table = await tsos(['results', path, ...last]);
  assert.match(
    table.stdout,
    /^model +experiment +technique +level +sparsity +quality +file +line +beginStep/,
  );
});

sharedTest('results --plots draws all figures, and a page with them', RESULTS, async (path) => {
  await withDirectory(async (directory) => {
    const folder = join(directory, 'deep', 'plots');
    const { code, stdout, stderr } = await tsos(['results', path, '--plots', folder]);
    assert.equal(code, 0, stderr);
    const files = stdout.trimEnd().split('\n');
    assert.equal(files[0], join(folder, 'index.html'));
    assert.deepEqual(
      files.toSorted(),
      (await readdir(folder)).sort().map((name) => join(folder, name)),
    );
    assert.equal(files.length, 10);
    const page = await readFile(files[0], 'utf8');
    for (const file of files.slice(1)) assert.ok(page.includes(await readFile(file, 'utf8')), file);
  });
});

sharedTest('what cannot be asked is told in a sentence', RESULTS, async (path) => {
  for (const [args, code, says] of [
    [['/nowhere'], 3, /\/nowhere\/.*there is no such file/],
    [[path, '--filter', 'sparsity'], 2, /is no condition/],
    [[path, '--filter', 'sparsty=1'], 2, /no column is called "sparsty"; did you mean sparsity\?/],
    [[path, '--sort', 'qualitty'], 2, /did you mean quality\?/],
    [[path, '--descending'], 2, /--descending needs --sort/],
    [[path, '--csv', '--json'], 2, /cannot be used with/],
    [[path, '--limit', '0'], 2, /a whole number from 1/],
  ] as const) {
    assertOneSentence(await tsos(['results', ...args]), code, says);
  }
});
test('results needs a folder', async () => {
  assertOneSentence(await tsos(['results']), 2, /missing required argument 'folder'/);
});
