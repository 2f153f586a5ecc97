import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { decodeExample, type Example, encodeExample, type Feature } from '../../../src/io/records/example.ts';
import { readTfRecords } from '../../../src/io/records/tfrecord.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { sharedTest } from '../../support/shared.ts';
import { mutate, mutation } from '../mutation.ts';
import { sha256 } from '../support.ts';

const feature: fc.Arbitrary<Feature> = fc.oneof(
  fc
    .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 })
    .map((values) => ({ kind: 'bytes', values }) as const),
  fc.float32Array({ maxLength: 8 }).map((values) => ({ kind: 'float', values }) as const),
  fc.bigInt64Array({ maxLength: 8 }).map((values) => ({ kind: 'int64', values }) as const),
);

const features: fc.Arbitrary<[string, Feature][]> = fc.uniqueArray(
  fc.tuple(fc.string({ unit: 'binary' }), feature),
  { selector: ([name]) => name, maxLength: 6 },
);

test('what is encoded is decoded again', () =>
  holds(
    fc.asyncProperty(features, async (written) => {
      assert.deepEqual(plain(decodeExample(encodeExample(written))), plain(new Map(written)));
    }),
    300,
  ));

test('damage gives features or a DataError', () =>
  holds(
    fc.asyncProperty(features, mutation, async (written, damage) => {
      const bytes = encodeExample([...written, ['x', { kind: 'int64', values: BigInt64Array.of(1n) }]]);
      try {
        decodeExample(mutate(bytes, damage));
      } catch (error) {
        assert.ok(error instanceof DataError, `${error}`);
      }
    }),
    500,
  ));

describe('bytes as other writers may put them', () => {
  it('numbers are packed, unpacked or mixed', () => {
    assert.deepEqual(values('1a 06 08 05 0a 02 06 07'), [5n, 6n, 7n]);
    assert.deepEqual(values('12 0b 0d 00 00 80 3f 0a 04 00 00 00 40'), [1, 2]);
  });

  it('negative numbers have ten bytes', () => {
    assert.deepEqual(values('1a 0b 08 ff ff ff ff ff ff ff ff ff 01'), [-1n]);
  });

  it('a list of no values is not a feature without a list', () => {
    assert.deepEqual(decodeEntry('0a 01 61 12 02 1a 00').get('a'), {
      kind: 'int64',
      values: new BigInt64Array(),
    });
    assert.equal(decodeEntry('0a 01 61 12 00').size, 0);
    assert.equal(decodeEntry('0a 01 61').size, 0);
  });

  it('an entry without a name has the empty one, and value and name come in any order', () => {
    assert.deepEqual([...decodeEntry('12 04 1a 02 08 05').keys()], ['']);
    assert.deepEqual([...decodeEntry('12 04 1a 02 08 05 0a 01 61').keys()], ['a']);
  });

  it('parts of a message are one, and of two kinds the later counts', () => {
    assert.deepEqual(values('1a 02 08 05 1a 02 08 06'), [5n, 6n]);
    assert.deepEqual(values('1a 02 08 05 12 05 0d 00 00 80 3f'), [1]);
  });

  it('of a repeated name the last counts, one without a list too', () => {
    const five = '0a 09 0a 01 61 12 04 1a 02 08 05';
    const six = '0a 09 0a 01 61 12 04 1a 02 08 06';
    assert.deepEqual(decodeHex(`0a 16 ${five} ${six}`).get('a')?.values, BigInt64Array.of(6n));
    assert.deepEqual(decodeHex(`0a 0b ${five} 0a 0b ${six}`).get('a')?.values, BigInt64Array.of(6n));
    assert.equal(decodeHex(`0a 12 ${five} 0a 05 0a 01 61 12 00`).size, 0);
  });

  it('unknown fields are passed over', () => {
    assert.deepEqual(
      decodeHex('12 01 00 0a 0d 18 07 0a 09 0a 01 61 12 04 1a 02 08 05').get('a')?.values,
      BigInt64Array.of(5n),
    );
  });

  it('nothing is an Example without features', () => {
    assert.equal(decodeExample(new Uint8Array(0)).size, 0);
  });
});

const FOLDERS = ['tfr_imagenet_schema', 'tfr_t2t_wmt32k_trax', 'tfr_tfx_gzip'];
for (const folder of FOLDERS) {
  sharedTest(
    `${folder} has the features an independent reader saw`,
    ['data', 'tfrecord', folder],
    async (path) => {
      for (const name of readdirSync(path).filter((each) => each.endsWith('.expected.json'))) {
        const { records } = JSON.parse(readFileSync(join(path, name), 'utf8')) as ExpectedFile;
        for await (const { index, read } of readTfRecords(join(path, name.replace('.expected.json', '')))) {
          if (index === records.length) break;
          const example = decodeExample(await read());
          const expected = Object.entries(records[index].features).filter(([, { kind }]) => kind !== null);
          assert.deepEqual([...example.keys()].sort(), expected.map(([name]) => name).sort());
          for (const [name, { kind, count, values = [], sha256: digests }] of expected) {
            const found = example.get(name)!;
            assert.deepEqual([found.kind, found.values.length], [kind, count]);
            if (found.kind === 'bytes') assert.deepEqual(found.values.map(sha256), digests);
            else assert.deepEqual(Array.from(found.values.slice(0, values.length), Number), values);
          }
        }
      }
    },
  );
}

sharedTest(
  'records written by TensorFlow are encoded again to the same bytes',
  ['goldens', 'resnet50', 'C_input', 'tfrecord', 'validation-00000-of-00002'],
  async (path) => {
    let count = 0;
    for await (const record of readTfRecords(path)) {
      const data = await record.read();
      assert.equal(sha256(encodeExample(decodeExample(data))), sha256(data));
      count++;
    }
    assert.equal(count, 12);
  },
);

interface ExpectedFeature {
  kind: string | null;
  count: number;
  /** The first ones. */
  values?: number[];
  sha256?: string[];
}

/** Of the first records of a file. */
interface ExpectedFile {
  records: { features: Record<string, ExpectedFeature> }[];
}

/** The values of a feature given by the bytes of its message. */
function values(feature: string): unknown[] {
  const length = bytesOf(feature).length;
  const entry = `0a 01 61 12 ${hexByte(length)} ${feature}`;
  return [...decodeEntry(entry).get('a')!.values];
}

/** An Example of one map entry. */
function decodeEntry(entry: string): Example {
  const length = bytesOf(entry).length;
  return decodeHex(`0a ${hexByte(length + 2)} 0a ${hexByte(length)} ${entry}`);
}

function decodeHex(hex: string): Example {
  return decodeExample(bytesOf(hex));
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** With arrays of plain values, which compare by value in every runtime. */
function plain(example: Example): [string, string, unknown[]][] {
  return Array.from(example, ([name, { kind, values }]) => [
    name,
    kind,
    Array.from<unknown, unknown>(values, (value) => (value instanceof Uint8Array ? [...value] : value)),
  ]);
}
