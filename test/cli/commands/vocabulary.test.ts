import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { sharedTest } from '../../support/shared.ts';

interface Built {
  size: number;
  target: number;
  texts: { path: string; lines: number }[];
}

sharedTest(
  'vocabularies are Tensor2Tensor’s, in any number of files',
  ['goldens', 'vocabulary'],
  async (path) => {
    await withDirectory(async (directory) => {
      for (const [name, size, limit] of [
        ['odd-200', 200, []],
        ['numbers-300', 300, ['--max-subtoken-length', '8']],
      ] as const) {
        const lines = (await readFile(`${path}/${name}.txt`, 'utf8')).split('\n').slice(0, -1);
        // In two files, the first gzipped, the last line of the second without its end.
        const files = [`${directory}/a.gz`, `${directory}/b.txt`];
        await writeFile(files[0], gzipSync(`${lines.slice(0, 5).join('\n')}\n`));
        await writeFile(files[1], lines.slice(5).join('\n'));
        const output = `${directory}/${name}.subwords`;
        const args = ['vocabulary', 'build', ...files, '--size', `${size}`, '--output', output, ...limit];
        const { code, stdout, stderr } = await tsos([...args, '--json']);
        assert.equal(code, 0, stderr);
        const text = await readFile(output, 'utf8');
        const golden = `${path}/${name}${limit.length > 0 ? '.max8' : ''}.subwords`;
        assert.equal(text, await readFile(golden, 'utf8'), name);
        const built = await parsedBySchema<Built>('vocabulary', stdout);
        assert.deepEqual([built.size, built.target], [text.split('\n').length - 1, size]);
      }
    });
  },
);

test('mistakes are a sentence before anything is written', async () => {
  await withDirectory(async (directory) => {
    const text = `${directory}/text`;
    await writeFile(text, 'one word\n');
    await writeFile(`${directory}/empty`, '\n\n');
    await writeFile(`${directory}/latin1`, Uint8Array.of(0x61, 0x0a, 0xe4, 0x0a));
    await writeFile(`${directory}/cut.gz`, gzipSync('some text\n'.repeat(1000)).subarray(0, -20));
    const output = ['--output', `${directory}/vocabulary`];
    const build = (...args: string[]) => tsos(['vocabulary', 'build', ...args, ...output]);
    assertOneSentence(await build(text), 2, /--size/);
    assertOneSentence(await build(text, '--size', '0'), 2, /whole number from 1/);
    assertOneSentence(await build(`${directory}/none`, '--size', '9'), 3, /none: there is no such file/);
    assertOneSentence(await build(`${directory}/empty`, '--size', '9'), 3, /empty: there is no word/);
    assertOneSentence(await build(`${directory}/latin1`, '--size', '9'), 3, /not valid UTF-8 in .*line \d/);
    assertOneSentence(await build(`${directory}/cut.gz`, '--size', '9'), 3, /gzip stream is damaged/);
    await writeFile(output[1], 'kept');
    assertOneSentence(await build(text, '--size', '9'), 2, /exists already; .*--force/);
    assert.equal(await readFile(output[1], 'utf8'), 'kept');
    assert.equal((await build(text, '--size', '9', '--force')).code, 0);
    assert.match(await readFile(output[1], 'utf8'), /'_'/);
    assertOneSentence(await tsos(['vocabulary', 'make', text, '--size', '9', ...output]), 2, /make.*build/);
    const over = ['vocabulary', 'build', text, '--size', '9', '--output', text];
    assertOneSentence(await tsos(over), 2, /text/);
    assert.equal(await readFile(text, 'utf8'), 'one word\n');
  });
});
