import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PUBLISHED_CHECKPOINTS } from '../../../src/results/catalogue.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';

test('list prints a row for each checkpoint', async () => {
  const { code, stdout, stderr } = await tsos(['list']);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 50);
  assert.match(lines[0], /^name +model +technique +sparsity % +result +weights kept +log-alpha threshold$/);
  assert.match(
    stdout,
    /^extended_threshold_0\.98_\S+ +rn50 +magnitude_pruning +96\.5 +top-1 69\.26 +878513$/m,
  );
  assert.match(
    stdout,
    /^variational_dropout_0\.8_cubic\S+ +transformer +\S+ +80 +BLEU 24\.33 +12049716 +1\.5$/m,
  );
});

test('list --json follows its schema and says all', async () => {
  const { code, stdout } = await tsos(['list', '--json']);
  assert.equal(code, 0);
  const { checkpoints } = await parsedBySchema<{ checkpoints: Record<string, unknown>[] }>('list', stdout);
  assert.equal(checkpoints.length, 49);
  const { path, ...first } = PUBLISHED_CHECKPOINTS[0];
  const url = `https://storage.googleapis.com/tsos/checkpoints/${path}`;
  assert.deepEqual(checkpoints[0], JSON.parse(JSON.stringify({ ...first, url })));
});

test('list chooses by model, technique and sparsity', async () => {
  const args = ['--model', 'rn50', '--technique', 'variational_dropout', '--sparsity', '0.9..'];
  const { stdout, stderr } = await tsos(['list', ...args]);
  const names = stdout.split('\n').slice(1, -1);
  assert.deepEqual(
    names.map((line) => line.split('_')[2]),
    ['0.9', '0.95', '0.98'],
  );
  assert.match(stderr, /3 checkpoints/);
});

test('list refuses what it cannot choose by', async () => {
  assertOneSentence(await tsos(['list', '--sparsity', 'high']), 2, /neither a number nor a range/);
  assertOneSentence(
    await tsos(['list', '--technique', 'lottery']),
    2,
    /--technique <name>' argument 'lottery'/,
  );
  assertOneSentence(await tsos(['list', '--model', 'bert']), 2, /bert|model/);
});
