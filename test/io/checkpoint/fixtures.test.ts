import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { sharedTest } from '../../support/shared.ts';
import { dataErrorOf, rawBytes, readAll, sha256, withCheckpoint } from '../support.ts';

interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly size?: number;
  readonly sha256_raw?: string;
  readonly sha256_assembled?: string;
  readonly sha256_each?: string[];
  readonly is_slice_of?: string;
}

/** Fixtures that can be read, and the file to open in each. */
const READABLE = {
  cloudml_babyweight_2shard: '',
  deepmind_glassy_dynamics: '/t044_s09.ckpt',
  g2p_t2t_empty_tensors: '',
  google_rl_repr_dataset_ckpt: '',
  serving_half_plus_two_snappy: '/variables.index',
  syn_dtypes: '/model.ckpt.data-00000-of-00001',
  syn_partitioned: '/model.ckpt',
  t2t_transformer_2shard: '',
  tfdf_bool: '/variables',
  tfjs_int64_multiply: '',
  tfx_taxi_estimator_ckpt: '/checkpoint',
  v1_serving_half_plus_two: '/export-00000-of-00001',
};

for (const [name, file] of Object.entries(READABLE)) {
  sharedTest(`checkpoint ${name} is read as expected`, ['data', 'checkpoints', name], async (directory) => {
    await withCheckpoint(openCheckpoint(directory + file), async (checkpoint) => {
      const expected = expectedTensors(directory);
      assert.deepEqual(checkpoint.names().sort(), Object.keys(expected).sort());
      for (const [tensor, facts] of Object.entries(expected)) {
        await checkTensor(checkpoint, tensor, facts);
        await checkChunks(checkpoint, tensor);
      }
    });
  });
}

sharedTest(
  'a checkpoint without its shard is listed, reading is refused',
  ['data', 'checkpoints', 'lingvo_lenet_index_only'],
  async (directory) => {
    await withCheckpoint(openCheckpoint(directory), async (checkpoint) => {
      const expected = expectedTensors(directory);
      assert.deepEqual(checkpoint.names().sort(), Object.keys(expected).sort());
      assert.deepEqual(checkpoint.info('lenet5/conv0/w/var').shape, [5, 5, 1, 20]);
      const error = await dataErrorOf(checkpoint.read('global_step'), /there is no such file/);
      assert.match(error.file!, /lenet_test_model\.data-00000-of-00001$/);
    });
  },
);

sharedTest(
  'a wrong block checksum is refused',
  ['data', 'checkpoints', 'syn_bad_block_crc'],
  async (directory) => {
    const error = await dataErrorOf(openCheckpoint(directory), /checksum of this block does not fit/);
    assert.match(error.file!, /model\.ckpt\.index$/);
    assert.equal(error.offset, 0);
    await withCheckpoint(openCheckpoint(directory, { verify: false }), async (checkpoint) => {
      assert.deepEqual(checkpoint.names(), ['a']);
    });
  },
);

sharedTest(
  'a newer format is refused',
  ['data', 'checkpoints', 'syn_min_consumer_too_new'],
  async (directory) => {
    const error = await dataErrorOf(openCheckpoint(directory), /format version 2 or later/);
    assert.match(error.file!, /model\.ckpt\.index$/);
  },
);

sharedTest('a missing part is refused', ['data', 'checkpoints', 'syn_partition_gap'], async (directory) => {
  await withCheckpoint(openCheckpoint(directory), async (checkpoint) => {
    assert.deepEqual(checkpoint.names(), ['w']);
    await dataErrorOf(
      checkpoint.read('w'),
      /model\.ckpt\.index: tensor "w": its parts cover 28 of 40 elements/,
    );
  });
});

for (const technique of [
  'dense',
  'l0_regularization',
  'magnitude_pruning',
  'random_pruning',
  'variational_dropout',
]) {
  sharedTest(
    `golden checkpoint ${technique}: all variables of its manifest, and every tensor verified`,
    ['goldens', 'transformer', 'small', technique],
    async (directory) => {
      const manifest = JSON.parse(readFileSync(`${directory}/manifest.json`, 'utf8'));
      const variables: { name: string; dtype: string; shape: number[] }[] = manifest.variables;
      await withCheckpoint(openCheckpoint(`${directory}/checkpoint`), async (checkpoint) => {
        const tensors = await readAll(checkpoint);
        for (const { name, dtype, shape } of variables) {
          assert.equal(tensors.get(name)?.dtype, dtype, name);
          assert.deepEqual(tensors.get(name)?.shape, shape, name);
        }
      });
    },
  );
}

sharedTest('every checkpoint fixture has a test', ['data', 'checkpoints'], async (directory) => {
  const refused = [
    'lingvo_lenet_index_only',
    'syn_bad_block_crc',
    'syn_min_consumer_too_new',
    'syn_partition_gap',
  ];
  assert.deepEqual(readdirSync(directory).sort(), [...Object.keys(READABLE), ...refused].sort());
});

/** By name: names that are no text are given as hex of their bytes; parts of variables are not listed. */
function expectedTensors(directory: string): Record<string, ExpectedTensor> {
  const { tensors } = JSON.parse(readFileSync(`${directory}/expected.json`, 'utf8'));
  const named = Object.entries<ExpectedTensor>(tensors)
    .filter(([, tensor]) => tensor.is_slice_of === undefined)
    .map(([name, tensor]) => [name.startsWith('hex:') ? escapedName(name.slice(4)) : name, tensor]);
  return Object.fromEntries(named);
}

function escapedName(hex: string): string {
  return Array.from(Buffer.from(hex, 'hex'), (byte) =>
    String.fromCharCode(byte < 128 ? byte : 0xdc00 + byte),
  ).join('');
}

async function checkTensor(checkpoint: Checkpoint, name: string, expected: ExpectedTensor): Promise<void> {
  const info = checkpoint.info(name);
  const { dtype, shape, data } = await checkpoint.read(name);
  assert.equal(dtype, expected.dtype, name);
  assert.deepEqual(shape, expected.shape, name);
  assert.equal(info.dtype, dtype);
  assert.deepEqual(info.shape, shape);
  if (expected.size !== undefined) assert.equal(info.byteLength, expected.size, name);
  if (Array.isArray(data)) assert.deepEqual(data.map(sha256), expected.sha256_each ?? [], name);
  else assert.equal(sha256(rawBytes(data)), expected.sha256_assembled ?? expected.sha256_raw, name);
}

async function checkChunks(checkpoint: Checkpoint, name: string): Promise<void> {
  const whole = await checkpoint.read(name);
  if (Array.isArray(whole.data)) return;
  const elements = whole.shape.reduce((product, size) => product * size, 1);
  const expected = rawBytes(whole.data);
  const width = expected.length / Math.max(1, elements);
  let next = 0;
  for await (const { start, data } of checkpoint.chunks(name, 1000)) {
    const piece = rawBytes(data);
    assert.equal(start, next);
    assert.ok(piece.length <= 1000 * width);
    assert.equal(
      Buffer.compare(piece, expected.subarray(start * width, start * width + piece.length)),
      0,
      name,
    );
    next += piece.length / width;
  }
  assert.equal(next, elements);
}
