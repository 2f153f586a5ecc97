import assert from 'node:assert/strict';
import { DataError } from '../../../src/base/errors.ts';
import { FileSet } from '../../../src/io/archive/file-set.ts';
import { portableUnpacking } from '../../../src/io/archive/portable-unpacking.ts';
import { memorySource } from '../../../src/io/bytes/memory-source.ts';
import { checkpointFiles } from '../../../src/io/checkpoint/checkpoint-files.ts';
import type { Checkpoint, Tensor } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { locateCheckpoint } from '../../../src/io/checkpoint/locate.ts';
import { compareBytes } from '../../../src/io/checkpoint/names.ts';
import { openLocated } from '../../../src/io/checkpoint/open-located.ts';
import { Table, type TableEntry } from '../../../src/io/checkpoint/table.ts';
import { buildTable } from '../../../src/io/checkpoint/table-builder.ts';
import type { NamedTensor } from '../../../src/io/checkpoint/write-bundle.ts';
import { safetensorsFile } from '../../../src/io/exchange/safetensors-file.ts';
import { v1File } from '../../io/checkpoint/v1-writer.ts';
import { below, type Random } from '../../support/random.ts';
import { assertSameTensor } from '../../support/tensors.ts';
import { damagedBytes, damagedJson } from '../damage.ts';
import { type Family, type Files, onlyOf, single, utf8 } from '../family.ts';

const TENSORS: readonly NamedTensor[] = [
  { name: 'a/kernel', dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, -2, 3, 0, 0.5, 6) },
  { name: 'a/mask', dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 0, 1, 0, 1, 1) },
  { name: 'empty', dtype: 'int32', shape: [0, 4], data: new Int32Array(0) },
  { name: 'global_step', dtype: 'int64', shape: [], data: BigInt64Array.of(7n) },
  { name: 'halves', dtype: 'half', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  { name: 'texts', dtype: 'string', shape: [3], data: ['', 'a', 'longer'].map(utf8) },
];

/** Tensor bundles, TensorFlow's format of today: an index whose blocks have checksums, and data, each tensor with its own. */
export const bundle: Family = {
  name: 'bundle',
  seeds: async () => Promise.all([bundleOf(1), bundleOf(2)]),
  repaired: (random, seed) => withTable(seed, 'm.index', random),
  async read(files, random, sound) {
    await readCheckpoint(files, sound !== undefined || random() < 0.5, async (name, tensor) => {
      const original = TENSORS.find((each) => each.name === name);
      if (sound === undefined) return;
      assert.ok(original, `${name} was never written`);
      assertSameTensor(tensor, original, name);
    });
  },
};

/** Checkpoints of TensorFlow's first format: a table of messages. */
export const v1: Family = {
  name: 'v1',
  seeds: () => [single(V1, 'm')],
  repaired: (random, seed) => withTable(seed, 'm', random),
  async read(files, random, sound) {
    await readCheckpoint(files, sound !== undefined || random() < 0.5, async (name) => {
      assert.ok(sound === undefined || name === 'x' || name === 'y', `${name} was never written`);
    });
  },
};

const V1 = v1File([
  {
    name: 'x',
    code: 1,
    shape: [2, 2],
    parts: [
      {
        slice: [
          { start: 0, length: 1 },
          { start: 0, length: -1 },
        ],
        values: floats(1, 2),
      },
      {
        slice: [
          { start: 1, length: 1 },
          { start: 0, length: -1 },
        ],
        values: floats(3, 4),
      },
    ],
  },
  { name: 'y', code: 1, shape: [3], parts: [{ slice: [{ start: 0, length: -1 }], values: floats(5, 6, 7) }] },
]);

/** A TensorProto's field of floats, packed. */
function floats(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return Uint8Array.of(0x2a, bytes.length, ...bytes);
}

/** Safetensors, which have no checksums: a JSON header and bytes. */
export const safetensors: Family = {
  name: 'safetensors',
  async seeds() {
    const opened = await open(await bundleOf(1), true);
    const pieces: Uint8Array[] = [];
    for await (const piece of safetensorsFile(opened, undefined, { note: 'x' }).pieces)
      pieces.push(piece.slice());
    return [single(Buffer.concat(pieces), 'm.safetensors')];
  },
  repaired(random, seed) {
    const bytes = onlyOf(seed);
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const header = damagedJson(
      random,
      random() < 0.5 ? parsed : { ...parsed, __metadata__: { a: 'b', c: 'd' } },
    );
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
    return single(Buffer.concat([prefix, header, bytes.subarray(8 + length)]), 'm.safetensors');
  },
  read: (files) => readCheckpoint(files, true, async () => {}),
};

async function bundleOf(shards: number): Promise<Files> {
  const files = await checkpointFiles('m', TENSORS, { shards });
  const read = files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const);
  return new Map(await Promise.all(read));
}

/** The table with entries damaged, and its checksums right. */
async function withTable(files: Files, name: string, random: Random): Promise<Files> {
  const table = await Table.open(memorySource(name, files.get(name)!), true);
  const entries: TableEntry[] = [];
  for await (const entry of table.entries()) entries.push(entry);
  for (let count = 1 + below(random, 2); count > 0; count--) {
    const at = below(random, entries.length);
    const { key, value } = entries[at];
    entries[at] =
      random() < 0.15
        ? { key: damagedBytes(random, key), value }
        : { key, value: damagedBytes(random, value) };
  }
  entries.sort((one, other) => compareBytes(one.key, other.key));
  return new Map(files).set(name, buildTable(entries));
}

function open(files: Files, verify: boolean): Promise<Checkpoint> {
  const openers = new Map(
    [...files].map(([name, bytes]) => [name, async (label: string) => memorySource(label, bytes)] as const),
  );
  const tree = new FileSet('files', openers);
  const [first] = files.keys();
  const path = files.size === 1 ? first : 'm';
  return locateCheckpoint(tree, path, portableUnpacking, {}).then((located) =>
    openLocated(located, path, { verify }),
  );
}

/** Reads all that there is of a checkpoint, whole and in pieces. */
async function readCheckpoint(
  files: Files,
  verify: boolean,
  check: (name: string, tensor: Tensor) => Promise<void>,
): Promise<void> {
  const checkpoint = await open(files, verify);
  try {
    let failed: unknown;
    let read = 0;
    for (const name of checkpoint.names()) {
      try {
        const tensor = await checkpoint.read(name);
        await check(name, tensor);
        read++;
        if (checkpoint.info(name).dtype === 'float32') for await (const _ of checkpoint.chunks(name, 2));
      } catch (error) {
        // One that is damaged does not stand for the others.
        failed ??= error;
        if (!(error instanceof DataError)) throw error;
      }
    }
    if (read === 0 && failed !== undefined) throw failed;
  } finally {
    await checkpoint.close();
  }
}
