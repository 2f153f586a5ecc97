import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_VOCABULARY } from '../support/demo.ts';
import { assertOneSentence } from '../support/one-sentence.ts';
import { onTerminal } from '../support/terminal.ts';

test('--quiet, before or behind the command, leaves nothing but the result', async () => {
  const loud = await tsos(['sparsity', DEMO_CHECKPOINT]);
  assert.match(loud.stderr, /^tsos: technique magnitude_pruning$/m);
  for (const args of [
    ['sparsity', DEMO_CHECKPOINT, '--quiet'],
    ['--quiet', 'sparsity', DEMO_CHECKPOINT],
  ]) {
    const { code, stdout, stderr } = await tsos(args);
    assert.deepEqual([code, stdout, stderr], [0, loud.stdout, '']);
  }
});

test('--quiet leaves out progress too', async () => {
  const args = ['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY, '--beam', '1', '--extra-length=-2'];
  const { code, stdout, stderr } = await tsos([...args, '--quiet'], { input: 'July.\n' });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.split('\n').length, 2);
  assert.doesNotMatch(stderr, /^tsos: /m);
});

test('--quiet keeps errors', async () => {
  await withDirectory(async (directory) => {
    assertOneSentence(await tsos(['inspect', join(directory, 'nothing'), '--quiet']), 3, /no checkpoint/);
    assertOneSentence(await tsos(['--quiet', 'inspekt']), 2, /did you mean inspect/);
    const none = ['reproduce', '--checkpoints', directory, '--output', join(directory, 'out'), '--quiet'];
    const { stderr } = await tsos(none);
    assert.match(stderr, /^tsos: none of the 49 checkpoints is there[^\n]*\n$/);
  });
});

test('--quiet is in the help of every command, and behind -- it is an argument like others', async () => {
  for (const command of ['list', 'translate']) {
    assert.match((await tsos([command, '--help'])).stdout, /--quiet +Tell nothing but results and errors/);
  }
  const { stdout } = await tsos(['exec', '--', 'sh', '-c', 'echo "$0"', '--quiet']);
  assert.equal(stdout, '--quiet\n');
});

test('there are no colours in a pipe, nor on a terminal where NO_COLOR is set', async () => {
  const piped = await tsos(['--help'], { env: { NO_COLOR: '' } });
  assert.ok(!piped.stdout.includes('\x1b'));
  const shown = await onTerminal(['--help'], { NO_COLOR: 'yes' });
  assert.equal(shown.stdout, piped.stdout);
});
