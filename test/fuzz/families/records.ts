import assert from 'node:assert/strict';
import { DataError } from '../../../src/base/errors.ts';
import { memorySource } from '../../../src/io/bytes/memory-source.ts';
import { portableInflate } from '../../../src/io/bytes/portable-inflate.ts';
import { imageNetPicture } from '../../../src/io/pictures/imagenet-example.ts';
import { decodeExample, encodeExample, type Feature } from '../../../src/io/records/example.ts';
import { readRecords } from '../../../src/io/records/read-records.ts';
import { recordFrames } from '../../../src/io/records/record-frames.ts';
import { below } from '../../support/random.ts';
import { damagedBytes } from '../damage.ts';
import { type Family, onlyOf, single, utf8 } from '../family.ts';

const EXAMPLE = encodeExample([
  ['image/class/label', { kind: 'int64', values: BigInt64Array.of(7n) }],
  ['image/encoded', { kind: 'bytes', values: [utf8('no picture')] }],
  ['scores', { kind: 'float', values: Float32Array.of(1, 2.5) }],
] satisfies [string, Feature][]);

const RECORDS = [EXAMPLE, utf8('short'), new Uint8Array(0), new Uint8Array(300).fill(9)];

/** TFRecord files, whose records have checksums of their length and of their data. */
export const tfrecord: Family = {
  name: 'tfrecord',
  seeds: async () => [single(await framed(RECORDS)), single(await framed([EXAMPLE, EXAMPLE]))],
  async repaired(random) {
    const records = [...RECORDS];
    for (let count = 1 + below(random, 2); count > 0; count--) {
      const at = below(random, records.length);
      records[at] = damagedBytes(random, records[at]);
    }
    return single(await framed(records));
  },
  async read(files, _, sound) {
    const bytes = onlyOf(files);
    const file = { name: 'records', open: async () => memorySource('records', bytes) };
    let failed: unknown;
    let decoded = 0;
    for await (const { read } of readRecords(file, portableInflate)) {
      try {
        const data = await read();
        const text = Buffer.from(data).toString('latin1');
        if (sound !== undefined) assert.ok(KNOWN.has(text), 'a damaged record was read');
        imageNetPicture(decodeExample(data));
        decoded++;
      } catch (error) {
        failed ??= error;
        if (!(error instanceof DataError)) throw error;
      }
    }
    if (decoded === 0 && failed !== undefined) throw failed;
  },
};

const KNOWN = new Set(RECORDS.map((each) => Buffer.from(each).toString('latin1')));

/** Messages of tf.train.Example, which have no checksums of their own. */
export const example: Family = {
  name: 'example',
  seeds: () => [single(EXAMPLE)],
  read(files) {
    const decoded = decodeExample(onlyOf(files));
    decodeExample(encodeExample(decoded));
    imageNetPicture(decoded);
  },
};

async function framed(records: readonly Uint8Array[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of recordFrames(records)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
