import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ByteBuilder } from '../../../src/io/bytes/byte-builder.ts';
import { crc32c, maskCrc } from '../../../src/io/bytes/crc32c.ts';
import { type Extent, encodeTensorNameSlice } from '../../../src/io/bytes/ordered-code.ts';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import type { TableEntry } from '../../../src/io/checkpoint/table.ts';
import { buildTable } from '../../../src/io/checkpoint/table-builder.ts';
import { encodeShape } from '../../../src/io/checkpoint/tensor-proto.ts';
import { verifyCheckpoint } from '../../../src/io/checkpoint/verify-checkpoint.ts';
import { dataErrorOf, withCheckpoint, withDirectory } from '../support.ts';

const utf8 = new TextEncoder();

test('big-endian values are turned, complex ones by component, also in chunks', async () => {
  const data = Buffer.alloc(22);
  data.writeInt32BE(-2, 0);
  data.writeUInt16BE(0x3c00, 4);
  data.writeFloatBE(1.5, 6);
  data.writeFloatBE(-2.5, 10);
  data.writeBigInt64BE(2n ** 40n, 14);
  const entries = [
    entry('c', 8, [1], 6, data.subarray(6, 14)),
    entry('h', 19, [], 4, data.subarray(4, 6)),
    entry('i', 3, [], 0, data.subarray(0, 4)),
    entry('l', 9, [], 14, data.subarray(14, 22)),
  ];
  await withBundle(new ProtoWriter().int(1, 1).int(2, 1), entries, data, async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.deepEqual((await checkpoint.read('c')).data, Float32Array.of(1.5, -2.5));
      assert.deepEqual((await checkpoint.read('h')).data, Uint16Array.of(0x3c00));
      assert.deepEqual((await checkpoint.read('i')).data, Int32Array.of(-2));
      assert.deepEqual((await checkpoint.read('l')).data, BigInt64Array.of(2n ** 40n));
      for await (const { data } of checkpoint.chunks('c')) assert.deepEqual([...data], [1.5, -2.5]);
    });
  });
});

test('parts that overlap, lie outside or differ from what is said of them are refused', async () => {
  const bytes = new Uint8Array(8);
  const part = (name: string, start: number, length: number, code = 1): TableEntry => ({
    key: encodeTensorNameSlice(utf8.encode(name), [{ start, length }]),
    value: entry('', code, [length], 0, bytes.subarray(0, 4 * length)).value,
  });
  const entries = [
    part('missing', 0, 1),
    part('other', 0, 2, 3),
    part('outside', 2, 2),
    part('shared', 0, 2),
    { ...part('shared', 2, 2), value: part('shared', 0, 2).value },
    { ...part('shared', 4, 2), value: part('shared', 0, 2).value },
    part('twice', 0, 2),
    part('twice', 1, 2),
    whole('missing', 3, [0, 1], [1, 2]),
    whole('other', 2, [0, 2]),
    whole('outside', 3, [2, 2]),
    whole('shared', 6, [0, 2], [2, 2], [4, 2]),
    whole('twice', 3, [0, 2], [1, 2]),
  ];
  await withBundle(new ProtoWriter().int(1, 1), entries, bytes, async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.deepEqual(checkpoint.names(), ['missing', 'other', 'outside', 'shared', 'twice']);
      await dataErrorOf(checkpoint.read('missing'), /"missing": its part at \[1\] is missing/);
      await dataErrorOf(checkpoint.read('other'), /"other": its part at \[0\] has another type or shape/);
      await dataErrorOf(
        checkpoint.read('outside'),
        /"outside": the part at \[2\] of size \[2\] is not inside/,
      );
      await dataErrorOf(checkpoint.read('shared'), /"shared": its parts have 24 bytes, their shards 8/);
      await dataErrorOf(checkpoint.read('twice'), /"twice": the parts at \[0\] and \[1\] overlap/);
    });
  });
});

test('checksums of variants are compared, and any flipped bit of one is found', async () => {
  const { bytes, crc } = storedVariants(['', 'state of an iterator', 'x'.repeat(200)]);
  const numbers = Buffer.from([1, 2, 3, 4]);
  const data = Buffer.concat([bytes, numbers]);
  const entries = [
    entry('n', 3, [], bytes.length, numbers),
    { key: utf8.encode('v'), value: variantEntry(3, bytes.length, crc) },
  ];
  const header = new ProtoWriter().int(1, 1);
  await withBundle(header, entries, data, async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.deepEqual(await verifyCheckpoint(checkpoint), { verified: 2, without: 0 });
      await dataErrorOf(checkpoint.read('v'), /which only TensorFlow can read/);
    });
  });
  for (let at = 0; at < data.length; at++) {
    const damaged = Buffer.from(data);
    damaged[at] ^= 1 << (at % 8);
    await withBundle(header, entries, damaged, async (path) => {
      await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
        await dataErrorOf(verifyCheckpoint(checkpoint), /tensor "[nv]"/);
      });
    });
  }
});

test('entries that cannot be are refused when the checkpoint is opened', async () => {
  const four = new Uint8Array(4);
  const bad: [TableEntry, RegExp][] = [
    [entry('a', 1, [2], 0, four), /"a": 4 bytes are stored, float32 \[2\] needs 8/],
    [entry('a', 1, [-1], 0, four), /dimension that is no size/],
    [entry('a', 1, [2 ** 40, 2 ** 40], 0, four), /more than 2\^53 elements/],
    [entry('a', 1, [1], -4, four), /impossible place/],
    [{ key: utf8.encode('a'), value: new ProtoWriter().int(3, 1).finish() }, /in shard 1, there are 1/],
    [{ key: utf8.encode('a'), value: utf8.encode('?') }, /"a": /],
  ];
  for (const [value, message] of bad) {
    await withBundle(new ProtoWriter().int(1, 1), [value], four, (path) =>
      dataErrorOf(openCheckpoint(path), message),
    );
  }
});

test('a tensor of a type that has no values here is listed; the others are read', async () => {
  const four = new Uint8Array(4);
  const entries = [
    entry('a', 1, [1], 0, four),
    entry('handle', 20, [], 0, four),
    entry('v', 21, [], 0, four),
  ];
  await withBundle(new ProtoWriter().int(1, 1), entries, four, async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.deepEqual(checkpoint.names(), ['a', 'handle', 'v']);
      assert.deepEqual((await checkpoint.read('a')).data, Float32Array.of(0));
      await dataErrorOf(checkpoint.read('handle'), /type number 20/);
      await dataErrorOf(checkpoint.read('v'), /holds variants/);
    });
  });
});

function entry(name: string, code: number, shape: number[], offset: number, bytes: Uint8Array): TableEntry {
  const value = new ProtoWriter()
    .int(1, code)
    .bytes(2, encodeShape(shape))
    .int(4, offset)
    .int(5, bytes.length);
  return { key: utf8.encode(name), value: value.fixed32(6, maskCrc(crc32c(bytes))).finish() };
}

/** The entry of a partitioned float32 vector. */
function whole(name: string, length: number, ...parts: [start: number, length: number][]): TableEntry {
  const value = new ProtoWriter().int(1, 1).bytes(2, encodeShape([length]));
  for (const [start, size] of parts) value.bytes(7, encodeExtent({ start, length: size }));
  return { key: utf8.encode(name), value: value.finish() };
}

function encodeExtent({ start, length }: Extent): Uint8Array {
  return new ProtoWriter().bytes(1, new ProtoWriter().int(1, start).int(2, length).finish()).finish();
}

async function withBundle(
  header: ProtoWriter,
  entries: TableEntry[],
  data: Uint8Array,
  use: (path: string) => Promise<unknown>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const index = buildTable([{ key: new Uint8Array(0), value: header.finish() }, ...entries]);
    await writeFile(`${directory}/m.index`, index);
    await writeFile(`${directory}/m.data-00000-of-00001`, data);
    await use(`${directory}/m`);
  });
}

/** Variants as TensorFlow stores them, and the checksum of all. */
function storedVariants(variants: readonly string[]): { bytes: Buffer; crc: number } {
  const out: Uint8Array[] = [];
  let crc = 0;
  for (const variant of variants) {
    const content = utf8.encode(variant);
    crc = crc32c(content, crc32c(new Uint8Array(BigUint64Array.of(BigInt(content.length)).buffer), crc));
    const checksum = new Uint8Array(Uint32Array.of(maskCrc(crc)).buffer);
    crc = crc32c(checksum, crc);
    out.push(new ByteBuilder().varint(content.length).finish(), content, checksum);
  }
  return { bytes: Buffer.concat(out), crc };
}

function variantEntry(count: number, size: number, crc: number): Uint8Array {
  const shape = encodeShape([count]);
  return new ProtoWriter().int(1, 21).bytes(2, shape).int(5, size).fixed32(6, maskCrc(crc)).finish();
}
