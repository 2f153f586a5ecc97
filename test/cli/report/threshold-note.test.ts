import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_PICTURE, DEMO_RESNET, DEMO_VOCABULARY } from '../../support/demo.ts';

test('a log-alpha threshold that decides on nothing is told once, and is no error', async () => {
  await withDirectory(async (directory) => {
    const data = join(directory, 'data');
    await mkdir(data);
    await makeShards(data, [1]);
    const search = ['--beam', '1', '--extra-length=-2'];
    const output = ['--limit', '1', '--output', join(directory, 'part')];
    const convert = (to: string) => ['convert', DEMO_CHECKPOINT, '--to', to, '--output', join(directory, to)];
    for (const command of [
      ['sparsity', DEMO_CHECKPOINT],
      ['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY, ...search],
      ['classify', DEMO_RESNET, DEMO_PICTURE],
      ['evaluate', DEMO_RESNET, '--data', data, ...output],
      convert('smtx'),
      convert('safetensors'),
      convert('npz'),
    ]) {
      const { code, stderr } = await tsos([...command, '--log-alpha-threshold', '2'], { input: 'July.\n' });
      assert.equal(code, 0, stderr);
      const notes = stderr.split('\n').filter((line) => line.includes('--log-alpha-threshold'));
      assert.equal(notes.length, 1, `${command.join(' ')}: ${stderr}`);
      assert.match(
        notes[0],
        command.includes('npz')
          ? /^tsos: .* is for patterns, masks and metadata; npz has none/
          : /^tsos: .* is for variational dropout; this checkpoint is magnitude_pruning, so it is ignored/,
      );
    }
  });
});
