import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import { crc32c, maskCrc } from '../../../src/io/bytes/crc32c.ts';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { buildTable } from '../../../src/io/checkpoint/table-builder.ts';
import { encodeShape } from '../../../src/io/checkpoint/tensor-proto.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readSmtx } from '../../../src/io/exchange/smtx.ts';
import {
  assertSameTensor,
  readAll,
  readSafetensors,
  withCheckpoint,
  withDirectory,
} from '../../io/support.ts';
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

test('matrices whose short names are one get files of their own, as many as are counted', async () => {
  await withDirectory(async (directory) => {
    const scopes = ['a/conv', 'b/conv', 'b/Conv', 'a/dense'];
    const tensors = scopes.flatMap((scope, i) =>
      ['weights', 'mask'].map((leaf) => ({
        name: `${scope}/${leaf}`,
        dtype: 'float32' as const,
        shape: [2, 2],
        data: Float32Array.from({ length: 4 }, (_, at) => Number(at <= i)),
      })),
    );
    await writeCheckpoint(`${directory}/m`, tensors);
    const output = `${directory}/patterns`;
    const { code, stdout } = await tsos(['convert', `${directory}/m`, '--to', 'smtx', '--output', output]);
    assert.equal(code, 0);
    assert.equal(stdout, `${output} has 4 patterns\n`);
    const files = (await readdir(output)).sort();
    assert.deepEqual(files, ['a_conv.smtx', 'b_Conv.smtx', 'b_conv_2.smtx', 'dense.smtx']);
    const counts = await Promise.all(
      files.map(async (file) => (await readSmtx(`${output}/${file}`)).columns.length),
    );
    assert.deepEqual(counts.sort(), [1, 2, 3, 4]);
  });
});

test('with masks applied and slots dropped, safetensors are a dense model of the same weights', async () => {
  await withDirectory(async (directory) => {
    const output = `${directory}/model.safetensors`;
    const flags = ['--apply-masks', '--drop-slots'];
    const { code, stderr } = await tsos([
      'convert',
      DEMO_CHECKPOINT,
      '--to',
      'safetensors',
      '--output',
      output,
      ...flags,
    ]);
    assert.equal(code, 0, stderr);
    const sparsity = async (path: string) => JSON.parse((await tsos(['sparsity', path, '--json'])).stdout);
    const [before, after] = [await sparsity(DEMO_CHECKPOINT), await sparsity(output)];
    assert.equal(after.technique, 'dense');
    assert.equal(after.total - after.nonzero, before.total - before.nonzero);
    await withCheckpoint(openCheckpoint(output), async (checkpoint) => {
      assert.ok(!checkpoint.names().some((name) => /mask|threshold|Adam|training\//.test(name)));
      assert.equal(checkpoint.metadata?.format, 'tf');
      assert.equal(checkpoint.metadata?.technique, 'dense');
      assert.match(checkpoint.metadata?.producer ?? '', /^tsos \d/);
    });
    const { stderr: notes } = await tsos(['inspect', output, '--verify']);
    assert.match(notes, /\d+ variables have no checksum/);
    const smtx = await tsos([
      'convert',
      DEMO_CHECKPOINT,
      '--to',
      'smtx',
      '--output',
      `${directory}/p`,
      ...flags,
    ]);
    assertOneSentence(smtx, 2, /are for tensors/);
  });
});

test('with dropped weights at 0, a bundle is as sparse as it was, and of the same technique', async () => {
  await withDirectory(async (directory) => {
    const output = `${directory}/model`;
    const to = ['--to', 'bundle', '--output', output, '--zero-dropped'];
    const { code, stderr } = await tsos(['convert', DEMO_CHECKPOINT, ...to]);
    assert.equal(code, 0, stderr);
    const [before, after] = await Promise.all(
      [DEMO_CHECKPOINT, output].map(async (path) => {
        const { code, stdout } = await tsos(['sparsity', path, '--json']);
        assert.equal(code, 0);
        return { ...JSON.parse(stdout), path: undefined };
      }),
    );
    assert.deepEqual(after, before);
    const both = await tsos(['convert', DEMO_CHECKPOINT, ...to, '--apply-masks']);
    assert.equal(both.code, 2, both.stderr);
  });
});

test('a bundle leaves variants out and has all else', async () => {
  await withDirectory(async (directory) => {
    const number = new ProtoWriter()
      .int(1, 3)
      .bytes(2, encodeShape([]))
      .int(5, 4)
      .fixed32(6, maskCrc(crc32c(new Uint8Array(4))));
    const variant = new ProtoWriter()
      .int(1, 21)
      .bytes(2, encodeShape([0]))
      .int(4, 4);
    const index = buildTable([
      { key: new Uint8Array(0), value: new ProtoWriter().int(1, 1).finish() },
      { key: Buffer.from('iterator'), value: variant.finish() },
      { key: Buffer.from('number'), value: number.finish() },
    ]);
    await writeFile(`${directory}/m.index`, index);
    await writeFile(`${directory}/m.data-00000-of-00001`, new Uint8Array(4));
    const args = ['convert', `${directory}/m`, '--to', 'bundle', '--output', `${directory}/out`];
    const { code, stdout, stderr } = await tsos(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /bundle cannot hold, and lacks: iterator \(variant\)/);
    assert.match(stdout, /has 1 tensors/);
    await withCheckpoint(openCheckpoint(`${directory}/out`), async (checkpoint) =>
      assert.deepEqual(checkpoint.names(), ['number']),
    );
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
