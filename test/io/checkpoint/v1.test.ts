import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ByteBuilder } from '../../../src/io/bytes/byte-builder.ts';
import { ProtoWriter } from '../../../src/io/bytes/protobuf.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { dataErrorOf, withCheckpoint, withDirectory } from '../support.ts';
import { type Part, type Variable, v1File } from './v1-writer.ts';

const utf8 = new TextEncoder();
const WHOLE = { start: 0, length: -1 };
const varints = (field: number, values: (number | bigint)[]) => {
  const packed = new ByteBuilder();
  for (const value of values) packed.varint(value);
  return new ProtoWriter().bytes(field, packed.finish()).finish();
};
const bytesOf = (array: Float32Array | Float64Array) => new Uint8Array(array.buffer);

test('V1: every field that values are stored in', async () => {
  const vector = (name: string, code: number, length: number, values: Uint8Array): Variable => ({
    name,
    code,
    shape: [length],
    parts: [{ slice: [WHOLE], values }],
  });
  const variables = [
    vector('b', 10, 2, varints(11, [1, 0])),
    vector('c64', 8, 1, new ProtoWriter().bytes(9, bytesOf(Float32Array.of(1, -2))).finish()),
    vector('content', 1, 2, new ProtoWriter().bytes(4, bytesOf(Float32Array.of(5, 6))).finish()),
    vector('f32', 1, 3, new ProtoWriter().bytes(5, bytesOf(Float32Array.of(1, 2, 3))).finish()),
    vector('f64', 2, 2, new ProtoWriter().bytes(6, bytesOf(Float64Array.of(0.1, -0))).finish()),
    vector('filled', 1, 4, new ProtoWriter().bytes(5, bytesOf(Float32Array.of(7, 8))).finish()),
    vector('half', 19, 2, varints(13, [0x3c00, 0xfc00])),
    vector('i64', 9, 2, varints(10, [-1, 2n ** 62n])),
    vector('i8', 6, 2, varints(7, [-1, 127])),
    vector('s', 7, 2, new ProtoWriter().bytes(8, utf8.encode('x')).bytes(8, utf8.encode('')).finish()),
    vector('u64', 23, 1, varints(17, [2n ** 64n - 1n])),
    vector('unpacked', 3, 2, new ProtoWriter().int(7, -5).int(7, 6).finish()),
  ];
  await withV1([variables], async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      assert.deepEqual(
        checkpoint.names(),
        variables.map(({ name }) => name),
      );
      const data = async (name: string) => (await checkpoint.read(name)).data;
      assert.deepEqual(await data('b'), Uint8Array.of(1, 0));
      assert.deepEqual(await data('c64'), Float32Array.of(1, -2));
      assert.deepEqual(await data('content'), Float32Array.of(5, 6));
      assert.deepEqual(await data('f32'), Float32Array.of(1, 2, 3));
      assert.deepEqual(await data('f64'), Float64Array.of(0.1, -0));
      assert.deepEqual(await data('filled'), Float32Array.of(7, 8, 8, 8));
      assert.deepEqual(await data('half'), Uint16Array.of(0x3c00, 0xfc00));
      assert.deepEqual(await data('i64'), BigInt64Array.of(-1n, 2n ** 62n));
      assert.deepEqual(await data('i8'), Int8Array.of(-1, 127));
      assert.deepEqual(await data('u64'), BigUint64Array.of(2n ** 64n - 1n));
      assert.deepEqual(await data('unpacked'), Int32Array.of(-5, 6));
      const strings = (await data('s')) as Uint8Array[];
      assert.deepEqual(strings.map(String), ['120', '']);
    });
  });
});

test('V1: parts in several shards are put together, and a missing one is refused', async () => {
  const rows = (start: number, values: number[]): Part => ({
    slice: [{ start, length: 1 }, WHOLE],
    values: new ProtoWriter().bytes(5, bytesOf(Float32Array.from(values))).finish(),
  });
  const w = { name: 'w', code: 1, shape: [2, 2] };
  const gap = { name: 'gap', code: 1, shape: [2, 2] };
  const first = [
    { ...gap, parts: [rows(0, [1, 2])] },
    { ...w, parts: [rows(1, [3, 4])] },
  ];
  const unstored = { name: 'unstored', code: 1, shape: [], parts: [{ slice: [] }] };
  const wrong = { name: 'wrong', code: 1, shape: [1], parts: [{ slice: [WHOLE], values: varints(7, [1]) }] };
  await withV1([first, [unstored, { ...w, parts: [rows(0, [1, 2])] }, wrong]], async (path) => {
    for (const given of [path, `${path}-00001-of-00002`]) {
      await withCheckpoint(openCheckpoint(given), async (checkpoint) => {
        assert.deepEqual((await checkpoint.read('w')).data, Float32Array.of(1, 2, 3, 4));
        for await (const { start, data } of checkpoint.chunks('w', 3)) {
          assert.deepEqual([...data], start === 0 ? [1, 2, 3] : [4]);
        }
        await dataErrorOf(checkpoint.read('gap'), /cover 2 of 4 elements/);
        await dataErrorOf(checkpoint.read('unstored'), /its values are missing/);
        await dataErrorOf(checkpoint.read('wrong'), /0 values are stored, 1 are needed/);
      });
    }
  });
});

test('V1: a few bytes that claim gigabytes are refused before memory is taken for them', async () => {
  const claim = (name: string, length: number, parts: Part[]) => ({ name, code: 1, shape: [length], parts });
  const values = new ProtoWriter().bytes(5, bytesOf(Float32Array.of(1, 2, 3))).finish();
  const half = 2 ** 28;
  const halves = [0, half].map((start) => ({ slice: [{ start, length: half }], values }));
  const variables = [
    claim('filled', 2 ** 16, [{ slice: [WHOLE], values }]),
    claim('parted', 2 * half, halves),
    claim('whole', half, [{ slice: [WHOLE], values }]),
  ];
  await withV1([variables], async (path) => {
    await withCheckpoint(openCheckpoint(path), async (checkpoint) => {
      const before = process.memoryUsage().arrayBuffers;
      for (const name of ['parted', 'whole']) {
        await dataErrorOf(checkpoint.read(name), /are stored for 268435456 values, as no writer does/);
      }
      assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
      assert.equal((await checkpoint.read('filled')).data.length, 2 ** 16);
    });
  });
});

/** Writes shards, each with its list of variables, and gives the common part of their paths. */
async function withV1(shards: Variable[][], use: (path: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/model.ckpt-5`;
    for (const [i, variables] of shards.entries()) {
      const name = shards.length === 1 ? path : `${path}-0000${i}-of-0000${shards.length}`;
      await writeFile(name, v1File(variables));
    }
    await use(path);
  });
}
