import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';

test('curves of several runs are drawn, measure by measure', async () => {
  await withDirectory(async (directory) => {
    const runs = ['one', 'two'].map((name) => join(directory, name));
    for (const [i, run] of runs.entries()) {
      await mkdir(run);
      const records = [
        { step: 10, loss: 3 - i, learningRate: 0.1 },
        { step: 20, loss: 2, learningRate: 0.05, ...(i === 0 ? { bleu: 40 } : {}) },
      ];
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      // The last line is being written.
      await writeFile(join(run, 'metrics.jsonl'), `${lines}{"step": 3`);
    }
    const output = join(directory, 'figures');
    const { code, stdout, stderr } = await tsos(['curves', ...runs, '--output', output, '--json']);
    assert.equal(code, 0, stderr);
    const { files } = await parsedBySchema<{ files: string[] }>('curves', stdout);
    const names = ['index.html', 'loss.svg', 'learningRate.svg', 'bleu.svg'];
    assert.deepEqual(
      files,
      names.map((name) => join(output, name)),
    );
    const loss = await readFile(files[1], 'utf8');
    for (const part of ['one', 'two', 'loss', 'step →']) assert.ok(loss.includes(part), part);
    assert.equal((await readFile(files[0], 'utf8')).match(/<svg/g)?.length, 3);
  });
});

test('what has no metrics is a sentence', async () => {
  await withDirectory(async (directory) => {
    const curves = () => tsos(['curves', directory, '--output', join(directory, 'figures')]);
    assertOneSentence(await curves(), 3, /metrics\.jsonl/);
    await writeFile(join(directory, 'metrics.jsonl'), '');
    assertOneSentence(await curves(), 3, /has no record yet/);
    await writeFile(join(directory, 'metrics.jsonl'), '{"loss": 1}\n');
    assertOneSentence(await curves(), 3, /line of metrics \(line 1\): step is missing/);
  });
});
