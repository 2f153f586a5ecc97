import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readSafetensors } from '../../../src/io/exchange/safetensors.ts';
import { readSmtx } from '../../../src/io/exchange/smtx.ts';
import { assertSameTensor, readAll, withCheckpoint, withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT } from '../../support/demo.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';

interface Converted {
  path: string;
  to: string;
  output: string;
  written: number;
  leftOut: { name: string; dtype: string }[];
}

test('safetensors, npz and bundle have all tensors of the checkpoint', async () => {
  const tensors = await withCheckpoint(openCheckpoint(DEMO_CHECKPOINT), readAll);
  await withDirectory(async (directory) => {
    const convert = async (to: string): Promise<string> => {
      const output = `${directory}/${to}`;
      const { code, stdout, stderr } = await tsos([
        'convert',
        DEMO_CHECKPOINT,
        '--to',
        to,
        '--output',
        output,
        '--json',
      ]);
      assert.equal(code, 0, stderr);
      const result = await parsedBySchema<Converted>('convert', stdout);
      assert.deepEqual(result, { path: DEMO_CHECKPOINT, to, output, written: tensors.size, leftOut: [] });
      return output;
    };
    const safetensors = await readSafetensors(await convert('safetensors'));
    for (const [name, tensor] of tensors) assertSameTensor(safetensors.get(name)!, tensor, name);
    const files = Object.keys(unzipSync(await readFile(await convert('npz'))));
    assert.deepEqual(new Set(files), new Set([...tensors.keys()].map((name) => `${name}.npy`)));
    const bundle = await withCheckpoint(openCheckpoint(await convert('bundle')), readAll);
    assert.deepEqual([...bundle.keys()], [...tensors.keys()]);
    for (const [name, tensor] of tensors) assertSameTensor(bundle.get(name)!, tensor, name);
  });
});

test('smtx has a file for each sparsified matrix, with the weights that sparsity counts', async () => {
  await withDirectory(async (directory) => {
    const output = `${directory}/patterns`;
    const { code, stdout, stderr } = await tsos([
      'convert',
      DEMO_CHECKPOINT,
      '--to',
      'smtx',
      '--output',
      output,
    ]);
    assert.equal(code, 0, stderr);
    const sparsity = JSON.parse((await tsos(['sparsity', DEMO_CHECKPOINT, '--json'])).stdout);
    assert.equal(stdout, `${output} has ${sparsity.layers.length} patterns\n`);
    let nonzero = 0;
    for (const file of await readdir(output)) nonzero += (await readSmtx(`${output}/${file}`)).columns.length;
    assert.equal(nonzero, sparsity.nonzero);
    assert.ok(await stat(`${output}/body_encoder_layer_0_ffn_conv1_fully_connected.smtx`));
  });
});

test('what a format cannot hold is told', async () => {
  await withDirectory(async (directory) => {
    await writeCheckpoint(`${directory}/m`, [
      { name: 'text', dtype: 'string', shape: [1], data: [Uint8Array.of(65)] },
      { name: 'number', dtype: 'int32', shape: [], data: Int32Array.of(1) },
    ]);
    const convert = (to: string) =>
      tsos(['convert', `${directory}/m`, '--to', to, '--output', `${directory}/${to}`, '--json']);
    const { stdout, stderr } = await convert('npz');
    assert.deepEqual((await parsedBySchema<Converted>('convert', stdout)).leftOut, [
      { name: 'text', dtype: 'string' },
    ]);
    assert.match(stderr, /npz cannot hold, and lacks: text \(string\)/);
    assert.equal((await parsedBySchema<Converted>('convert', (await convert('bundle')).stdout)).written, 2);
  });
});

test('names do not act on the terminal', async () => {
  await withDirectory(async (directory) => {
    const name = 'a\u001b[31m\u007f\u009b31m\nb';
    const escaped = 'a\\u001b[31m\\u007f\\u009b31m\\nb';
    await writeCheckpoint(`${directory}/m`, [{ name, dtype: 'string', shape: [0], data: [] }]);
    const inspected = await tsos(['inspect', `${directory}/m`]);
    assert.ok(inspected.stdout.includes(`\n${escaped} `), JSON.stringify(inspected.stdout));
    const { stderr } = await tsos([
      'convert',
      `${directory}/m`,
      '--to',
      'npz',
      '--output',
      `${directory}/npz`,
    ]);
    assert.ok(stderr.includes(`lacks: ${escaped} (string)`), JSON.stringify(stderr));
  });
});

test('mistakes are told in a sentence, and leave nothing behind', async () => {
  await withDirectory(async (directory) => {
    const fails = async (code: number, says: RegExp, ...args: string[]) => {
      assertOneSentence(await tsos(['convert', ...args]), code, says);
      assert.deepEqual(await readdir(directory), []);
    };
    const output = ['--output', `${directory}/out`];
    await fails(
      2,
      /is a directory; name a file in it/,
      DEMO_CHECKPOINT,
      '--to',
      'npz',
      '--output',
      directory,
    );
    await fails(2, /exists already/, DEMO_CHECKPOINT, '--to', 'smtx', '--output', directory);
    await fails(2, /hdf5/, DEMO_CHECKPOINT, '--to', 'hdf5', ...output);
    await fails(2, /output/, DEMO_CHECKPOINT, '--to', 'npz');
    await fails(3, /no checkpoint of this name/, `${directory}/none`, '--to', 'npz', ...output);
    await fails(
      2,
      /directory does not exist/,
      DEMO_CHECKPOINT,
      '--to',
      'npz',
      '--output',
      `${directory}/none/out`,
    );
    await fails(
      2,
      /not a l0_regularization/,
      DEMO_CHECKPOINT,
      '--to',
      'smtx',
      '--technique',
      'l0_regularization',
      ...output,
    );
  });
});
