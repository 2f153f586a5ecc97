import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { checkpointDigest } from '../../../src/io/checkpoint/checkpoint-digest.ts';
import { verifyCheckpoint } from '../../../src/io/checkpoint/verify-checkpoint.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { tarOf } from '../archive/tar-writer.ts';
import { mutate, mutation } from '../mutation.ts';
import { dataErrorOf, readSafetensors, withCheckpoint, withDirectory } from '../support.ts';

const utf8 = new TextEncoder();

sharedTest(
  'safetensors of the goldens are read',
  ['goldens', 'transformer', 'small', 'dense', 'goldens.safetensors'],
  async (path) => {
    const tensors = await readSafetensors(path);
    assert.deepEqual(tensors.get('main/logits')?.shape, [4, 13, 300]);
    assert.ok(tensors.get('main/logits')?.data instanceof Float32Array);
  },
);

test('safetensors: what is refused', async () => {
  await withDirectory(async (directory) => {
    const read = async (header: unknown, dataBytes: number) => {
      await writeFile(`${directory}/t.safetensors`, safetensors(header, dataBytes));
      return readSafetensors(`${directory}/t.safetensors`);
    };
    const a = { dtype: 'I16', shape: [2], data_offsets: [0, 4] };
    const b = { dtype: 'F32', shape: [], data_offsets: [4, 8] };
    const tensors = await read({ b, a, __metadata__: { by: 'test' } }, 8);
    assert.deepEqual([...tensors.keys()], ['a', 'b']);
    assert.deepEqual(tensors.get('a'), { dtype: 'int16', shape: [2], data: new Int16Array(2) });
    await dataErrorOf(read({ a, b }, 9), /describes 8 bytes of values, the file has 9/);
    await dataErrorOf(read({ a, b }, 7), /describes 8 bytes/);
    await dataErrorOf(read({ b }, 8), /"b" leaves a hole/);
    await dataErrorOf(read({ a, b: { ...b, data_offsets: [2, 6] } }, 6), /"b" overlaps/);
    await dataErrorOf(read({ a: { ...a, shape: [3] } }, 4), /has 4 bytes, I16 \[3\] needs 6/);
    await dataErrorOf(read({ a: { ...a, dtype: 'I4' } }, 4), /unknown dtype "I4"/);
    await dataErrorOf(
      read({ a: { ...a, shape: [-2] } }, 4),
      /header of safetensors, at tensor "a": shape\[0\] is -2; it must be a whole number/,
    );
    await dataErrorOf(read([], 0), /is no header of safetensors: it is a list of 0; it must be an object/);
    const intact = safetensors({ a, b }, 8);
    const damaged = async (change: Parameters<typeof mutate>[1]) => {
      await writeFile(`${directory}/t.safetensors`, mutate(intact, change));
      await readSafetensors(`${directory}/t.safetensors`).catch((error) => {
        if (!(error instanceof DataError)) throw error;
      });
    };
    await fc.assert(fc.asyncProperty(mutation, damaged), { numRuns: 200 });
  });
});

function safetensors(header: unknown, dataBytes: number): Uint8Array {
  const json = utf8.encode(JSON.stringify(header));
  const length = new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer);
  return Buffer.concat([length, json, new Uint8Array(dataBytes)]);
}

test('safetensors are opened as a file, by their content, in a folder and in an archive, in pieces too', async () => {
  const header = {
    __metadata__: { technique: 'dense' },
    w: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    empty: { dtype: 'F32', shape: [0], data_offsets: [16, 16] },
  };
  const file = Buffer.from(safetensors(header, 16));
  file.writeFloatLE(1.5, file.length - 4);
  await withDirectory(async (directory) => {
    await mkdir(`${directory}/folder`);
    await writeFile(`${directory}/folder/m.safetensors`, file);
    await writeFile(`${directory}/other-name`, file);
    await writeFile(`${directory}/m.tar`, tarOf({ 'run/m.safetensors': file }));
    for (const path of ['folder/m.safetensors', 'folder', 'other-name', 'm.tar', 'm.tar/run/m.safetensors']) {
      await withCheckpoint(openCheckpoint(`${directory}/${path}`), async (checkpoint) => {
        assert.deepEqual(checkpoint.names(), ['empty', 'w']);
        assert.deepEqual(checkpoint.metadata, { technique: 'dense' });
        assert.deepEqual(checkpoint.info('w'), {
          name: 'w',
          dtype: 'float32',
          shape: [2, 2],
          byteLength: 16,
        });
        const pieces: number[] = [];
        for await (const { start, data } of checkpoint.chunks('w', 3))
          pieces.push(start, ...Array.from(data, Number));
        assert.deepEqual(pieces, [0, 0, 0, 0, 3, 1.5]);
        for await (const _ of checkpoint.chunks('empty')) assert.fail('there is nothing in it');
        assert.deepEqual(await verifyCheckpoint(checkpoint), { verified: 0, without: 2 });
      });
    }
    const { files } = await checkpointDigest(`${directory}/folder`);
    assert.deepEqual(files, [`${directory}/folder/m.safetensors`]);
    await rename(`${directory}/other-name`, `${directory}/folder/second.safetensors`);
    await dataErrorOf(openCheckpoint(`${directory}/folder`), /several checkpoints; name one of m\./);
  });
});

test('safetensors: names that are no text, and metadata that are none, are refused', async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/t.safetensors`;
    const entry = { dtype: 'U8', shape: [0], data_offsets: [0, 0] };
    await writeFile(path, safetensors({ '\ud800': entry }, 0));
    await dataErrorOf(openCheckpoint(path), /half a character in its name/);
    await writeFile(path, safetensors({ __metadata__: { heads: 8 } }, 0));
    await dataErrorOf(openCheckpoint(path), /in its __metadata__: heads is 8; it must be a text/);
  });
});
