import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { UsageError } from '../../../src/base/errors.ts';
import { storedZip } from '../../../src/io/archive/stored-zip.ts';
import { crc32 } from '../../../src/io/bytes/crc32.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { trainingStep, writeCheckpointDirectory } from '../../../src/io/checkpoint/checkpoint-directory.ts';
import { checkpointFiles } from '../../../src/io/checkpoint/checkpoint-files.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { viewValues } from '../../../src/io/checkpoint/dtype.ts';
import { type NamedTensor, writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { type Exported, readTensors } from '../../../src/io/exchange/export.ts';
import { readSmtx } from '../../../src/io/exchange/smtx.ts';
import { tensorBlob } from '../../../src/io/exchange/tensor-blob.ts';
import { writeNpz } from '../../../src/io/exchange/write-npz.ts';
import { writeSafetensors } from '../../../src/io/exchange/write-safetensors.ts';
import { writeSmtx } from '../../../src/io/exchange/write-smtx.ts';
import { writeDirectoryAtomic } from '../../../src/io/files/atomic-directory.ts';
import fc from '../../support/fast-check.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { holds } from '../../support/property.ts';
import { sharedTest } from '../../support/shared.ts';
import { tensors } from '../checkpoint/arbitraries.ts';
import {
  assertSameTensor,
  dataErrorOf,
  rawBytes,
  readSafetensors,
  withCheckpoint,
  withDirectory,
} from '../support.ts';

const NOT_SAFETENSORS = /^(string|complex.*|q.*|u?int4)$/;
const NOT_NPZ = /^(string|q.*|u?int4|bfloat16|float8.*)$/;

test('safetensors: every tensor comes back, what has no type there is left out', async () => {
  await holds(
    fc.asyncProperty(tensors, async (written) => {
      await exported(written, writeSafetensors, async (path, result) => {
        const [held, leftOut] = divide(written, NOT_SAFETENSORS);
        assert.deepEqual(result, { written: held.length, leftOut: leftOut.length });
        const read = await readSafetensors(path);
        assert.equal(read.size, held.length);
        for (const tensor of held) assertSameTensor(read.get(tensor.name)!, tensor, tensor.name);
        const bytes = await readFile(path);
        const headerBytes = Number(bytes.readBigUInt64LE());
        assert.equal(headerBytes % 8, 0);
        const header: Record<string, { data_offsets: number[] }> = JSON.parse(
          bytes.toString('utf8', 8, 8 + headerBytes),
        );
        for (const { name, data } of held) {
          assert.equal(header[name].data_offsets[0] % rawBytesPerItem(data), 0, 'values are aligned');
        }
      });
    }),
    60,
  );
});

test('npz: every array comes back, under the tensor’s name, what NumPy has no type for is left out', async () => {
  await holds(
    fc.asyncProperty(tensors, async (written) => {
      await exported(written, writeNpz, async (path, result) => {
        const [held, leftOut] = divide(written, NOT_NPZ);
        assert.deepEqual(result, { written: held.length, leftOut: leftOut.length });
        const files = new Map(Object.entries(unzipSync(await readFile(path))));
        assert.deepEqual(new Set(files.keys()), new Set(held.map(({ name }) => `${name}.npy`)));
        for (const tensor of held) assertIsNpy(files.get(`${tensor.name}.npy`)!, tensor);
      });
    }),
    60,
  );
});

test('npy: headers as NumPy writes them', async () => {
  const data = Float32Array.of(1.5);
  const cases: [number[], string][] = [
    [[], '()'],
    [[1], '(1,)'],
    [[1, 1], '(1, 1)'],
  ];
  for (const [shape, tuple] of cases) {
    await exported([{ name: 'a/b', dtype: 'float32', shape, data }], writeNpz, async (path) => {
      const npy = unzipSync(await readFile(path))['a/b.npy'];
      const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`.padEnd(117);
      assert.equal(Buffer.from(npy.subarray(0, 128)).toString('latin1'), `\x93NUMPY\x01\x00v\x00${header}\n`);
    });
  }
});

test('names that are no text, and the one that safetensors keeps for itself, are left out', async () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const checkpoint = memoryCheckpoint({ '\udcff': one, __metadata__: one, good: one });
  await withDirectory(async (directory) => {
    const safetensors = await writeSafetensors(`${directory}/s`, checkpoint);
    const npz = await writeNpz(`${directory}/n`, checkpoint);
    assert.deepEqual([safetensors.written, npz.written], [1, 2]);
    assert.deepEqual(
      npz.leftOut.map(({ name }) => name),
      ['\udcff'],
    );
  });
});

test('what is made in memory is what is written to a disk', async () => {
  await holds(
    fc.asyncProperty(tensors, fc.integer({ min: 1, max: 3 }), (drawn, shards) =>
      withDirectory(async (directory) => {
        await writeCheckpoint(`${directory}/m-1`, drawn, { shards });
        const files = await checkpointFiles('m-1', drawn, { shards });
        assert.deepEqual(files.map(({ name }) => name).sort(), readdirSync(directory).sort());
        for (const file of files) await assertSameBytes(file, await readFile(`${directory}/${file.name}`));
        await withCheckpoint(openCheckpoint(files), async (checkpoint) => {
          await writeSafetensors(`${directory}/s`, checkpoint);
          await assertSameBytes(
            (await tensorBlob(checkpoint, 'safetensors')).blob,
            await readFile(`${directory}/s`),
          );
          const { blob, ...exported } = await tensorBlob(checkpoint, 'npz');
          assert.deepEqual(await writeNpz(`${directory}/n`, checkpoint), exported);
          await assertSameBytes(blob, await readFile(`${directory}/n`));
        });
      }),
    ),
    25,
  );
});

async function assertSameBytes(actual: Blob, expected: Uint8Array): Promise<void> {
  assert.ok(Buffer.from(await actual.arrayBuffer()).equals(expected));
}

test('zip: content of any pieces, equal each time; what an archive cannot hold is refused', async () => {
  const piece = fc.uint8Array({ maxLength: 50 });
  await holds(
    fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), fc.array(piece)), async (content) => {
      const members = Object.entries(content).map(([name, pieces]) => memberOf(name, pieces));
      const zip = await collect(storedZip(members));
      const read = unzipSync(zip);
      assert.deepEqual(new Set(Object.keys(read)), new Set(Object.keys(content)));
      for (const [name, pieces] of Object.entries(content)) {
        assert.ok(Buffer.concat(pieces).equals(read[name]), name);
        assert.ok(zip.includes(checksumOf(pieces)));
      }
      const again = Object.entries(content).map(([name, pieces]) => memberOf(name, pieces));
      assert.ok(zip.equals(await collect(storedZip(again))));
    }),
    50,
  );
  const large = (size: number) => ({ ...memberOf('large', []), size });
  assert.throws(() => storedZip([memberOf('x'.repeat(70_000), [])]), /name is too long/);
  assert.throws(() => storedZip([large(2 ** 31), large(2 ** 31)]), /more than a ZIP archive holds.*4 GiB/);
  assert.throws(() => storedZip(Array.from({ length: 2 ** 16 }, () => memberOf('a', []))), UsageError);
});

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Uint8Array[] = [];
  for await (const piece of pieces) copies.push(piece.slice());
  return Buffer.concat(copies);
}

function memberOf(name: string, pieces: readonly Uint8Array[]) {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const content = async function* () {
    yield* pieces;
  };
  return { name, size, content: content() };
}

test('crc32 has the check value of the standard, and goes on from a part', () => {
  const digits = new TextEncoder().encode('123456789');
  assert.equal(crc32(digits), 0xcbf43926);
  assert.equal(crc32(digits.subarray(4), crc32(digits.subarray(0, 4))), 0xcbf43926);
});

sharedTest(
  'patterns are written byte for byte as the collection has them',
  ['data', 'dlmc', 'rn50'],
  async (folder) => {
    await withDirectory(async (directory) => {
      for (const name of ['initial_conv', 'final_dense']) {
        const path = `${folder}/magnitude_pruning/0.7/${name}.smtx.gz`;
        await writeSmtx(`${directory}/p`, await readSmtx(path));
        assert.ok(gunzipSync(await readFile(path)).equals(await readFile(`${directory}/p`)), name);
      }
    });
  },
);

test('patterns come back, empty ones too', async () => {
  await withDirectory(async (directory) => {
    for (const columns of [[], [0, 3, 1]]) {
      const rowOffsets = columns.length === 0 ? [0, 0, 0] : [0, 2, 3];
      const pattern = {
        rows: 2,
        cols: 4,
        rowOffsets: Uint32Array.from(rowOffsets),
        columns: Uint32Array.from(columns),
      };
      await writeSmtx(`${directory}/p`, pattern);
      assert.deepEqual(await readSmtx(`${directory}/p`), pattern);
    }
  });
});

test('a directory with a checkpoint: named by its step, whole or not at all, and never over another', async () => {
  const weights: NamedTensor = { name: 'w', dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) };
  await withDirectory(async (directory) => {
    const path = `${directory}/out`;
    await writeCheckpointDirectory(path, [weights], 12);
    assert.deepEqual(readdirSync(path).sort(), [
      'checkpoint',
      'model.ckpt-12.data-00000-of-00001',
      'model.ckpt-12.index',
    ]);
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assertSameTensor(await checkpoint.read('w'), weights, 'w');
      assert.equal(await trainingStep(checkpoint), 0);
    });
    await assert.rejects(writeCheckpointDirectory(path, [weights]), /out: exists already/);
    const fails = writeDirectoryAtomic(`${directory}/other`, async (inside) => {
      await writeFile(`${inside}/half`, '');
      throw new UsageError('stopped');
    });
    await assert.rejects(fails, /stopped/);
    await assert.rejects(
      writeCheckpointDirectory(`${directory}/none/out`, [weights]),
      /directory does not exist/,
    );
    assert.deepEqual(readdirSync(directory), ['out']);
  });
});

test('a damaged checkpoint leaves nothing half-written, and an older file as it was', async () => {
  await withDirectory(async (directory) => {
    const data = new Float32Array(5000).fill(1);
    await writeCheckpoint(`${directory}/m`, [{ name: 'w', dtype: 'float32', shape: [5000], data }]);
    const shard = `${directory}/m.data-00000-of-00001`;
    const bytes = await readFile(shard);
    bytes[100] ^= 1;
    await writeFile(shard, bytes);
    await writeFile(`${directory}/old`, 'old');
    const before = readdirSync(directory);
    await withCheckpoint(openCheckpoint(`${directory}/m`), async (checkpoint) => {
      for (const write of [writeSafetensors, writeNpz]) {
        await dataErrorOf(write(`${directory}/old`, checkpoint), /checksum does not fit/);
      }
      const tensors = readTensors(checkpoint);
      await dataErrorOf(writeCheckpointDirectory(`${directory}/new`, tensors), /checksum does not fit/);
    });
    assert.deepEqual(readdirSync(directory), before);
    assert.equal(await readFile(`${directory}/old`, 'utf8'), 'old');
  });
});

/** Writes tensors as a checkpoint and that in another format, and gives the path of the result. */
async function exported(
  written: readonly NamedTensor[],
  write: (path: string, checkpoint: Checkpoint) => Promise<Exported>,
  check: (path: string, result: { written: number; leftOut: number }) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    await writeCheckpoint(`${directory}/m`, written);
    await withCheckpoint(openCheckpoint(`${directory}/m`), async (checkpoint) => {
      const result = await write(`${directory}/exported`, checkpoint);
      await check(`${directory}/exported`, { written: result.written, leftOut: result.leftOut.length });
    });
  });
}

function divide(
  written: readonly NamedTensor[],
  unheld: RegExp,
): [held: NamedTensor[], leftOut: NamedTensor[]] {
  return [
    written.filter(({ dtype }) => !unheld.test(dtype)),
    written.filter(({ dtype }) => unheld.test(dtype)),
  ];
}

function rawBytesPerItem(data: NamedTensor['data']): number {
  assert.ok(!Array.isArray(data));
  return data.BYTES_PER_ELEMENT;
}

function assertIsNpy(npy: Uint8Array, { name, dtype, shape, data }: NamedTensor): void {
  const size = new DataView(npy.buffer, npy.byteOffset).getUint16(8, true);
  const [, descr, tuple] = /^\{'descr': '(.*)', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(
    Buffer.from(npy.subarray(10, 10 + size)).toString('latin1'),
  )!;
  assert.equal((10 + size) % 64, 0);
  assert.deepEqual(
    tuple
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number),
    [...shape],
  );
  const kind = { float: 'f', half: 'f', int: 'i', uint: 'u', bool: 'b', complex: 'c' }[
    dtype.replace(/\d+$/, '')
  ];
  const values = npy.slice(10 + size);
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? { half: 16, bool: 8 }[dtype as 'half' | 'bool']);
  assert.equal(descr, `${bits === 8 ? '|' : '<'}${kind}${bits / 8}`);
  assertSameTensor({ dtype, shape, data: viewValues(dtype, values) }, { dtype, shape, data }, name);
  assert.equal(values.length, rawBytes(data).length);
}

function checksumOf(pieces: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32(Buffer.concat(pieces)));
  return bytes;
}
