import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../../src/base/errors.ts';
import { openGzippedTar, openTar } from '../../../src/io/archive/archive.ts';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { buildTable } from '../../../src/io/checkpoint/table-builder.ts';
import { encodeShape } from '../../../src/io/checkpoint/tensor-proto.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readSmtx } from '../../../src/io/exchange/smtx.ts';
import { diskUnpacking } from '../../../src/io/files/disk-unpacking.ts';
import { openFile } from '../../../src/io/files/file-source.ts';
import { readTfRecords } from '../../../src/io/records/tfrecord.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { mutate, mutation } from '../mutation.ts';
import { dataErrorOf, sha256, withCheckpoint, withDirectory } from '../support.ts';
import { SPARSE_FORMS, sparseMember } from './sparse-writer.ts';
import { paxRecords, tarHeader, tarMember, tarOf } from './tar-writer.ts';

const MADE = ['data', 'tar', 'tar_made'];
const STEP = 1234;

for (const name of ['ustar.tar', 'v7.tar', 'gnu.tar', 'oldgnu.tar', 'pax.tar']) {
  sharedTest(`${name}: every file has the expected content`, [...MADE, name], async (path) => {
    const { entries } = JSON.parse(readFileSync(`${path}.expected.json`, 'utf8'));
    const tree = await openTar(await openFile(path));
    try {
      const files = entries.filter((entry: { sha256: string | null }) => entry.sha256 !== null);
      assert.deepEqual(
        tree.paths(),
        files.map((entry: { name: string }) => entry.name.replace(/^\.\//, '')),
      );
      for (const { name, sha256: digest } of files) {
        const source = await tree.open(name.replace(/^\.\//, ''));
        assert.equal(sha256(await source.read(0, source.size)), digest, name);
      }
    } finally {
      await tree.close();
    }
  });
}

for (const name of [
  'ustar.tar',
  'v7.tar',
  'gnu.tar',
  'oldgnu.tar',
  'pax.tar',
  'gnu.tar.gz',
  'gnu.multimember.tar.gz',
]) {
  sharedTest(`${name}: its checkpoint is read`, [...MADE, name], async (path) => {
    const spooled = spoolDirectories();
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.equal(checkpoint.names().length, 66);
      for (const tensor of checkpoint.names()) await checkpoint.read(tensor);
      const beta = await checkpoint.read('dnn/hiddenlayer_0/batchnorm_0/beta');
      assert.equal(
        sha256(new Uint8Array((beta.data as Float32Array).buffer)),
        '4be4026100d59bbc2c8a01ac7091189c8b5c89a5c644bb6014c2c1098ede8b4c',
      );
    });
    assert.deepEqual(spoolDirectories(), spooled, 'the temporary directory is removed');
  });
}

sharedTest(
  'another checkpoint within an archive is named by its path',
  [...MADE, 'gnu.tar'],
  async (path) => {
    const tree = await openTar(await openFile(path));
    const index = tree.paths().find((name) => name.endsWith('variables.index'))!;
    await tree.close();
    for (const inner of [index, index.slice(0, index.lastIndexOf('/'))]) {
      await withCheckpoint(openCheckpoint(`${path}/${inner}`), async (checkpoint) => {
        assert.equal(checkpoint.names().length, 1);
        await checkpoint.read(checkpoint.names()[0]);
      });
    }
    await dataErrorOf(openCheckpoint(`${path}/nothing/here`), /no checkpoint of this name/);
  },
);

sharedTest('a cut archive is refused by the member that is cut', [...MADE, 'truncated.tar'], async (path) => {
  const cut = /model\.ckpt-1000\.data-00001-of-00002": 20844 bytes are expected, 17200 are there/;
  await dataErrorOf(openCheckpoint(path), cut);
  await withDirectory(async (directory) => {
    await writeFile(`${directory}/cut`, gzipSync(await readFile(path)));
    await dataErrorOf(openCheckpoint(`${directory}/cut`), cut);
  });
});

sharedTest('a cut or damaged gzip stream is refused', [...MADE, 'gnu.multimember.tar.gz'], async (path) => {
  await withDirectory(async (directory) => {
    const bytes = await readFile(path);
    const damaged = `${directory}/damaged`;
    for (const length of [20, bytes.length >> 1, bytes.length - 3]) {
      await writeFile(damaged, bytes.subarray(0, length));
      await dataErrorOf(openCheckpoint(damaged), /gzip stream is damaged or cut short|cut short in/);
    }
    await writeFile(damaged, gzipSync('no archive'));
    await dataErrorOf(openCheckpoint(damaged), /ends within a member header/);
  });
});

test('gzip members that end at any place of the input are all read', async () => {
  await withDirectory(async (directory) => {
    const tar = await smallArchive(directory);
    for (const size of [1, 512, 700, 4096]) {
      const members = Array.from({ length: Math.ceil(tar.length / size) }, (_, i) =>
        gzipSync(tar.subarray(i * size, (i + 1) * size), { level: 0 }),
      );
      // Padding after the last member, as tapes have it, is no damage.
      await writeFile(`${directory}/archive`, Buffer.concat([...members, new Uint8Array(100)]));
      await assertStep(`${directory}/archive`);
    }
  });
});

test('long names, pax records, hard links and AppleDouble twins', async () => {
  await withDirectory(async (directory) => {
    await smallArchive(directory);
    const index = await readFile(`${directory}/m-1.index`);
    const data = await readFile(`${directory}/m-1.data-00000-of-00001`);
    const long = `${'deep/'.repeat(60)}m-1`;
    const pax = (text: string) => tarMember('PaxHeader', paxRecords([text]), 'x');
    const members = [
      ...tarMember('././@LongLink', Buffer.from(`${long}.index\0`), 'L'),
      ...tarMember('cut', index),
      ...pax(`path=${long}.original`),
      ...tarMember('cut', data),
      ...pax(`path=${long}.data-00000-of-00001`),
      ...pax(`linkpath=${long}.original`),
      tarHeader('cut', 0, '1'),
      ...tarMember('._m-1.index', Buffer.from('resource fork')),
      ...tarMember('other/seven-7.index', index),
      new Uint8Array(1024),
    ];
    await writeFile(`${directory}/odd.tar`, Buffer.concat(members));
    await dataErrorOf(
      openCheckpoint(`${directory}/odd.tar`),
      /several checkpoints; name one of .*deep.*other/,
    );
    await assertStep(`${directory}/odd.tar/${long}`);
  });
});

for (const form of SPARSE_FORMS) {
  test(`files stored without their holes are read, in the form ${form}`, async () => {
    const stretch = fc.record({ hole: fc.nat(1500), bytes: fc.uint8Array({ maxLength: 600 }) });
    await withDirectory(async (directory) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(stretch, { minLength: 1, maxLength: 30 }),
          fc.nat(1500),
          async (stretches, end) => {
            const { content, member } = sparseMember(form, 'a/file', stretches, end);
            const after = tarMember('b', Buffer.from('next'));
            await writeFile(`${directory}/s.tar`, Buffer.concat([...member, ...after, new Uint8Array(1024)]));
            await writeFile(`${directory}/s.tgz`, gzipSync(await readFile(`${directory}/s.tar`)));
            for (const open of [
              async () => openTar(await openFile(`${directory}/s.tar`)),
              async () =>
                openGzippedTar(await openFile(`${directory}/s.tgz`), diskUnpacking, { isWanted: () => true }),
            ]) {
              const tree = await open();
              try {
                assert.deepEqual(tree.paths(), ['a/file', 'b']);
                const source = await tree.open('a/file');
                assert.ok(Buffer.compare(await source.read(0, source.size), content) === 0);
                await source.close();
              } finally {
                await tree.close();
              }
            }
          },
        ),
        { numRuns: 30 },
      );
    });
  });
}

test('a sparse map that does not fit its data is refused', async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/s.tar`;
    const bytes = [{ hole: 0, bytes: Buffer.from('12345678') }];
    const good = Buffer.concat([...sparseMember('pax 1.0', 'a', bytes, 0).member, new Uint8Array(1024)]);
    for (const [from, to] of [
      ['1\n0\n8\n', '1\n0\n9\n'],
      ['1\n0\n8\n', '1\n4\n8\n'],
      ['1\n0\n8\n', '9\n0\n8\n'],
      ['1\n0\n8\n', 'x\n0\n8\n'],
      ['realsize=8', 'realsize=7'],
      ['sparse.major=1', 'sparse.major=2'],
    ]) {
      await writeFile(path, good.toString('latin1').replace(from, to), 'latin1');
      await dataErrorOf(openTar(await openFile(path)), /"a".*(sparse map|unknown form)|cut short/);
    }
  });
});

test('an archive that unpacks to far more than it has is refused, unless it is zeros or allowed', async () => {
  await withDirectory(async (directory) => {
    const tar = await smallArchive(directory);
    const head = tar.subarray(0, -1024);
    const packed = (body: Uint8Array) =>
      gzipSync(Buffer.concat([head, ...tarMember('run/m-0.data-00000-of-00001', body), tar.subarray(-1024)]));
    const path = `${directory}/bomb.tgz`;
    await writeFile(path, packed(Buffer.alloc(2 ** 27, 'again ')));
    const spooled = spoolDirectories();
    await dataErrorOf(openCheckpoint(path), /unpack to more than \d+, as no checkpoint does/);
    assert.deepEqual(spoolDirectories(), spooled);
    await withCheckpoint(openCheckpoint(path, { maxUnpackedBytes: 2 ** 28 }), async (checkpoint) => {
      assert.deepEqual((await checkpoint.read('global_step')).data, BigInt64Array.of(BigInt(STEP)));
    });
    await writeFile(path, packed(Buffer.alloc(2 ** 27)));
    await assertStep(path);
  });
});

test('archives and compressed files that are not read are named', async () => {
  await withDirectory(async (directory) => {
    for (const [head, name] of [
      ['\xfd7zXZ\0', 'an xz file'],
      ['BZh91AY', 'a bzip2 file'],
      ['\x28\xb5\x2f\xfd', 'a zstd file'],
      ['PK\x03\x04', 'a ZIP archive'],
    ]) {
      const path = `${directory}/model.tar.x`;
      await writeFile(path, `${head}${'content '.repeat(100)}`, 'latin1');
      const named = new RegExp(`is ${name}, which is not read; unpack it first`);
      await dataErrorOf(openCheckpoint(path), named);
      await dataErrorOf(openCheckpoint(`${path}/run/m-1`), named);
      await dataErrorOf(readSmtx(path), named);
      for await (const record of readTfRecords(path)) await dataErrorOf(record.read(), named);
    }
  });
});

test('of checkpoints at the top of an archive and deeper, each can be chosen by what the error calls it', async () => {
  await withDirectory(async (directory) => {
    await smallArchive(directory);
    const files = await Promise.all(
      ['m-1.index', 'm-1.data-00000-of-00001'].map((name) => readFile(`${directory}/${name}`)),
    );
    const path = `${directory}/two.tar`;
    const [index, data] = files;
    const deeper = { 'run/m-2.index': index, 'run/m-2.data-00000-of-00001': data };
    await writeFile(path, tarOf({ 'm-1.index': index, 'm-1.data-00000-of-00001': data, ...deeper }));
    await dataErrorOf(openCheckpoint(path), /; name one of \S+two\.tar\/m-1\.index, \S+two\.tar\/run$/);
    for (const chosen of ['m-1.index', 'run']) await assertStep(`${path}/${chosen}`);
  });
});

test('a member behind 9 GiB is read in place', async () => {
  await withDirectory(async (directory) => {
    const tar = await smallArchive(directory);
    const path = `${directory}/large.tar`;
    const body = 9 * 2 ** 30;
    await writeFile(path, tarHeader('model.ckpt-1.meta', body));
    await truncate(path, 512 + body);
    const file = await open(path, 'r+');
    await file.write(tar, 0, tar.length, 512 + body);
    await file.close();
    await assertStep(path);
  });
});

test('tensors behind 4 GiB of a data shard are read in place, those above the limits of memory are refused', async () => {
  await withDirectory(async (directory) => {
    await smallArchive(directory);
    const utf8 = new TextEncoder();
    const offset = 6 * 2 ** 30 + 3;
    const huge = 5 * 2 ** 30;
    const index = buildTable([
      { key: utf8.encode(''), value: new ProtoWriter().int(1, 1).finish() },
      {
        key: utf8.encode('huge'),
        value: new ProtoWriter()
          .int(1, 4)
          .bytes(2, encodeShape([huge]))
          .int(5, huge)
          .finish(),
      },
      {
        key: utf8.encode('step'),
        value: new ProtoWriter().int(1, 9).bytes(2, encodeShape([])).int(4, offset).int(5, 8).finish(),
      },
    ]);
    await writeFile(`${directory}/far.index`, index);
    const shard = `${directory}/far.data-00000-of-00001`;
    await writeFile(shard, '');
    await truncate(shard, offset);
    const file = await open(shard, 'r+');
    await file.write(Buffer.from(BigInt64Array.of(77n).buffer), 0, 8, offset);
    await file.close();
    await withCheckpoint(openCheckpoint(`${directory}/far`, { verify: false }), async (checkpoint) => {
      assert.deepEqual((await checkpoint.read('step')).data, BigInt64Array.of(77n));
      await dataErrorOf(checkpoint.read('huge'), /more than fits in memory at once; read it with chunks\(\)/);
      for await (const { start, data } of checkpoint.chunks('huge')) {
        assert.equal(data.length, 2 ** 20);
        if (start >= 2 ** 21) break;
      }
    });
  });
});

test('damage to an archive is a DataError or harmless', async () => {
  await withDirectory(async (directory) => {
    const tar = await smallArchive(directory);
    const path = `${directory}/damaged`;
    const openDamaged = async (bytes: Uint8Array) => {
      await writeFile(path, bytes);
      try {
        await assertStep(path);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    };
    await fc.assert(
      fc.asyncProperty(mutation, (change) => openDamaged(mutate(tar, change))),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(mutation, (change) => openDamaged(gzipSync(mutate(tar, change)))),
      { numRuns: 50 },
    );
    const packed = gzipSync(tar);
    await fc.assert(
      fc.asyncProperty(mutation, (change) => openDamaged(mutate(packed, change))),
      { numRuns: 50 },
    );
  });
});

/** An archive of a checkpoint with one number; its files are in `directory` too. */
async function smallArchive(directory: string): Promise<Buffer> {
  const data = BigInt64Array.of(BigInt(STEP));
  await writeCheckpoint(`${directory}/m-1`, [{ name: 'global_step', dtype: 'int64', shape: [], data }]);
  const names = ['checkpoint', 'm-1.index', 'm-1.data-00000-of-00001'];
  const files = await Promise.all(
    names.map(async (name) => [`run/${name}`, await readFile(`${directory}/${name}`)]),
  );
  return tarOf(Object.fromEntries(files));
}

async function assertStep(path: string): Promise<void> {
  await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
    assert.deepEqual((await checkpoint.read('global_step')).data, BigInt64Array.of(BigInt(STEP)));
  });
}

function spoolDirectories(): string[] {
  return existsSync(tmpdir()) ? readdirSync(tmpdir()).filter((name) => /^tsos-\w{6}$/.test(name)) : [];
}
