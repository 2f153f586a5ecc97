import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TECHNIQUES } from '../../src/base/technique.ts';
import { openCheckpoint } from '../../src/io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { openManifest } from './manifest.ts';
import { sharedTest } from './shared.ts';

sharedTest(
  'values of the full-size Transformer are those recorded when it was made',
  ['goldens', 'transformer', 'full', 'magnitude_pruning_0.9'],
  async (folder) => {
    const golden = JSON.parse(await readFile(join(folder, 'goldens.json'), 'utf8'));
    const checkpoint = await openManifest(join(folder, 'manifest.json'));
    for (const [name, check] of Object.entries<{ first5: number[]; sum_float64: number }>(
      golden.spot_checks,
    )) {
      let sum = 0;
      for await (const { start, data } of checkpoint.chunks(name)) {
        const values = data as Float32Array;
        if (start === 0) assert.deepEqual([...values.subarray(0, 5)], check.first5);
        for (const value of values) sum += value;
      }
      assert.ok(Math.abs(sum - check.sum_float64) < 1e-6, `${name}: ${sum}`);
    }
  },
);

sharedTest(
  'values of the full-size ResNet, whose masks are real patterns, are those that the original code ran on',
  ['goldens', 'resnet50', 'B_full', 'threshold_magnitude_0.9'],
  async (folder) => {
    const expected = JSON.parse(await readFile(join(folder, 'variables_sha256.json'), 'utf8'));
    const checkpoint = await openManifest(join(folder, 'manifest.json'));
    assert.deepEqual(checkpoint.names(), Object.keys(expected).sort());
    for (const name of checkpoint.names())
      assert.equal(await sha256(checkpoint, name), expected[name].sha256, name);
  },
);

for (const name of ['threshold_d50_w8_sharded3', 'variational_dropout_d50_w8', 'l0_regularization_d50_w8']) {
  sharedTest(
    `${name}: all bytes are those that TensorFlow wrote`,
    ['goldens', 'resnet50', 'A_small', name, 'manifest.json'],
    async (path) => {
      const { variables } = JSON.parse(await readFile(path, 'utf8')) as {
        variables: { name: string; sha256: string }[];
      };
      const checkpoint = await openManifest(path);
      assert.equal(checkpoint.names().length, variables.length);
      for (const variable of variables) {
        assert.equal(await sha256(checkpoint, variable.name), variable.sha256, variable.name);
      }
    },
  );
}

for (const technique of TECHNIQUES) {
  sharedTest(
    `${technique}: a small Transformer has the values of the checkpoint that TensorFlow wrote`,
    ['goldens', 'transformer', 'small', technique],
    async (folder) => {
      const manifest = await openManifest(join(folder, 'manifest.json'));
      const checkpoint = await openCheckpoint(join(folder, 'checkpoint'));
      try {
        for (const name of manifest.names()) {
          assert.deepEqual(await manifest.read(name), await checkpoint.read(name), name);
        }
      } finally {
        await checkpoint.close();
      }
    },
  );
}

/** SHA-256 of a tensor's bytes, little-endian. */
async function sha256(checkpoint: Checkpoint, name: string): Promise<string> {
  const data = (await checkpoint.read(name)).data as Float32Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
