import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import {
  readTfRecords,
  type TfRecord,
  type TfRecordOptions,
  writeTfRecords,
} from '../../../src/io/records/tfrecord.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { sharedTest } from '../../support/shared.ts';
import { mutate, mutation } from '../mutation.ts';
import { dataErrorOf, sha256, withDirectory } from '../support.ts';

const records = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });

test('what is written is read again, plain and compressed', () =>
  holds(
    fc.asyncProperty(records, fc.constantFrom('none', 'gzip', 'zlib'), async (written, compression) =>
      withDirectory(async (directory) => {
        const path = join(directory, 'records');
        await writeTfRecords(path, written, { compression });
        assert.deepEqual(await readGood(path), written.map(hexOf));
      }),
    ),
    60,
  ));

test('gzip members are read as one file, wherever they were cut', () =>
  holds(
    fc.asyncProperty(
      records,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
      (written, cuts) =>
        withDirectory(async (directory) => {
          const path = join(directory, 'records');
          await writeTfRecords(path, written);
          const plain = await readFile(path);
          const ends = [
            ...cuts.map((cut) => Math.floor(cut * plain.length)).sort((a, b) => a - b),
            plain.length,
          ];
          const members = ends.map((end, at) => gzipSync(plain.subarray(ends[at - 1] ?? 0, end)));
          await writeFile(path, Buffer.concat(members));
          assert.deepEqual(await readGood(path), written.map(hexOf));
        }),
    ),
    40,
  ));

test('a damaged file gives records that were written, or errors that name the file and the record', () =>
  holds(
    fc.asyncProperty(
      records,
      mutation,
      fc.constantFrom('none', 'gzip', 'zlib'),
      (written, damage, compression) =>
        withDirectory(async (directory) => {
          const path = join(directory, 'records');
          await writeTfRecords(path, [...written, new Uint8Array(40)], { compression });
          await writeFile(path, mutate(await readFile(path), damage));
          const known = new Set([...written, new Uint8Array(40)].map(hexOf));
          for (const [at, item] of (await readItems(path)).entries()) {
            if (typeof item === 'string') assert.ok(known.has(item), item);
            else assert.match(item.message, new RegExp(`records .*record ${at}: `));
          }
        }),
    ),
    150,
  ));

test('records that are passed over are counted like those that are read', () =>
  holds(
    fc.asyncProperty(records, mutation, fc.constantFrom('none', 'gzip'), (written, damage, compression) =>
      withDirectory(async (directory) => {
        const path = join(directory, 'records');
        await writeTfRecords(path, [...written, new Uint8Array(40)], { compression });
        await writeFile(path, mutate(await readFile(path), damage));
        let passed = 0;
        for await (const _ of readTfRecords(path)) passed++;
        assert.equal(passed, (await readItems(path)).length);
      }),
    ),
    100,
  ));

describe('damage', () => {
  it('to data costs one record', async () => {
    const items = await damagedItems((bytes) => flipped(bytes, RECORD + 20));
    assert.equal(items.length, 3);
    assert.match(messageOf(items[1]), /at byte 36: record 1: the checksum of its data does not fit/);
    assert.equal(items[2], hexOf(DATA[2]));
  });

  for (const [part, at] of [
    ['a length', 2],
    ['the checksum of a length', 9],
  ] as const) {
    it(`to ${part} ends the file`, async () => {
      const items = await damagedItems((bytes) => flipped(bytes, RECORD + at));
      assert.equal(items.length, 2);
      assert.match(messageOf(items[1]), /at byte 36: record 1: the checksum of its length does not fit/);
    });
  }

  it('at the first record asks whether the file is of this kind', async () => {
    const items = await damagedItems((bytes) => flipped(bytes, 0));
    assert.match(
      messageOf(items[0]),
      /\(is it a TFRecord file\?\): the \d+ bytes from here to the end of the file are lost/,
    );
  });

  it('by truncation ends the file with an error, unless less than a header is left', async () => {
    for (let length = RECORD; length < 2 * RECORD; length++) {
      const items = await damagedItems((bytes) => bytes.subarray(0, length));
      if (length < RECORD + 12) assert.equal(items.length, 1);
      else
        assert.match(
          messageOf(items[1]),
          /at byte 36: record 1: .* so the file is cut short: the \d+ bytes from here to the end of the file are lost/,
        );
    }
  });

  it('by truncation of a compressed file is an error of the record it is in', async () => {
    for (const compress of [gzipSync, deflateSync]) {
      const items = await damagedItems((bytes) => compress(bytes).subarray(0, -6));
      assert.match(messageOf(items.at(-1)), /\(unpacked\) at byte \d+: record \d: .*unpacked further/);
    }
  });
});

it('an empty file has no records, compressed or not', async () => {
  for (const bytes of [new Uint8Array(0), gzipSync(''), deflateSync('')]) {
    assert.deepEqual(await damagedItems(() => bytes), []);
  }
});

it('a record longer than allowed is refused, and passed over', async () => {
  const items = await damagedItems((bytes) => bytes, { maxRecordBytes: 19 }, [DATA[0], new Uint8Array(19)]);
  assert.match(messageOf(items[0]), /record 0: it has 20 bytes, more than the 19 that are allowed/);
  assert.equal(items[1], hexOf(new Uint8Array(19)));
});

it('a length beyond any memory is not trusted, even with a checksum that fits', async () => {
  // The last four are the masked CRC-32C of the others, computed bit by bit in another language.
  const header = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0xa6, 0x7b, 0x11, 0x3a);
  for (const pack of [(bytes: Uint8Array) => bytes, gzipSync]) {
    const [item] = await damagedItems(() => pack(header));
    assert.match(messageOf(item), /record 0: it (should have|has) 1844674407370955\d* bytes/);
  }
});

it('a record is read once, before the next is asked for', () =>
  withDirectory(async (directory) => {
    const path = join(directory, 'records');
    await writeTfRecords(path, DATA);
    const records = readTfRecords(path);
    const first = (await records.next()).value as TfRecord;
    await records.next();
    await assert.rejects(first.read(), UsageError);
    await records.return(undefined);
  }));

it('a file that is not there is an error at once', async () => {
  await dataErrorOf(readTfRecords('/nowhere/records').next(), /\/nowhere\/records: there is no such file/);
});

it('records that fail while they are written leave no file', () =>
  withDirectory(async (directory) => {
    for (const compression of ['none', 'gzip'] as const) {
      const failing = async function* () {
        yield DATA[0];
        throw new Error('no more');
      };
      await assert.rejects(writeTfRecords(join(directory, 'records'), failing(), { compression }), /no more/);
      assert.deepEqual(await readdir(directory), []);
    }
  }));

it('stray bytes after the last record, fewer than a header, are the end', () =>
  withDirectory(async (directory) => {
    const path = join(directory, 'records');
    await writeTfRecords(path, DATA);
    await appendFile(path, new Uint8Array(11));
    assert.deepEqual(await readGood(path), DATA.map(hexOf));
    await appendFile(path, new Uint8Array(1));
    assert.match(messageOf((await readItems(path))[3]), /at byte 108: record 3: /);
  }));

sharedTest(
  'files written by TensorFlow and others have the records an independent reader saw',
  ['data', 'tfrecord'],
  async (folder) => {
    const described = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.expected.json'),
    );
    assert.ok(described.length >= 14);
    for (const name of described) {
      const expected = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ExpectedFile;
      const found = [];
      const digests = createHash('sha256');
      for await (const record of readTfRecords(join(folder, name.replace('.expected.json', '')))) {
        const data = await record.read();
        const digest = sha256(data);
        digests.update(digest, 'hex');
        found.push({ offset: record.offset, length: data.length, sha256: digest });
      }
      assert.equal(found.length, expected.record_count);
      assert.equal(digests.digest('hex'), expected.sha256_of_record_sha256s);
      assert.deepEqual(
        found.slice(0, expected.records.length),
        expected.records.map(({ offset, length, sha256 }) => ({ offset, length, sha256 })),
        name,
      );
    }
  },
);

/** Says all of the first records, and the count and the digest of all. */
interface ExpectedFile {
  record_count: number;
  /** Of the digests, as bytes. */
  sha256_of_record_sha256s: string;
  records: { offset: number; length: number; sha256: string }[];
}

/** Three records of 20 bytes, 36 with their frames. */
const DATA = [1, 2, 3].map((value) => new Uint8Array(20).fill(value));
const RECORD = 36;

/** What is read of a file with these records after `damage`. */
function damagedItems(
  damage: (bytes: Uint8Array) => Uint8Array,
  options?: TfRecordOptions,
  data = DATA,
): Promise<(string | DataError)[]> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'records');
    await writeTfRecords(path, data);
    await writeFile(path, damage(await readFile(path)));
    return readItems(path, options);
  });
}

/** With the lowest bit of one byte turned over. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] ^= 1;
  return bytes;
}

/** Each record as hexadecimal digits, or as the error it gives. */
async function readItems(path: string, options?: TfRecordOptions): Promise<(string | DataError)[]> {
  const items: (string | DataError)[] = [];
  for await (const record of readTfRecords(path, options)) {
    assert.equal(record.index, items.length);
    items.push(
      await record.read().then(hexOf, (error) => {
        assert.ok(error instanceof DataError, `${error}`);
        return error;
      }),
    );
  }
  return items;
}

async function readGood(path: string): Promise<string[]> {
  const items = await readItems(path);
  return items.map((item) => (typeof item === 'string' ? item : assert.fail(item)));
}

function messageOf(item: string | DataError | undefined): string {
  assert.ok(item instanceof DataError, `${item}`);
  return item.message;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
