import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import type { Tensor } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { copyFixture, type Mutation, mutate, mutation } from '../mutation.ts';
import { assertSameTensor, readAll, withCheckpoint, withDirectory } from '../support.ts';

const FIXTURES: readonly (readonly [name: string, files: readonly string[]])[] = [
  ['syn_dtypes', ['model.ckpt.index', 'model.ckpt.data-00000-of-00001']],
  ['syn_partitioned', ['model.ckpt.index', 'model.ckpt.data-00001-of-00003']],
  ['tfdf_bool', ['variables.index', 'variables.data-00000-of-00001']],
  ['v1_serving_half_plus_two', ['export-00000-of-00001']],
];

for (const [name, files] of FIXTURES) {
  sharedTest(
    `damage to ${name} is a DataError or harmless`,
    ['data', 'checkpoints', name],
    async (fixture) => {
      await withDirectory(async (directory) => {
        await copyFixture(fixture, directory);
        const intact = await withCheckpoint(openCheckpoint(directory), readAll);
        for (const file of files) await checkDamage(directory, `${directory}/${file}`, intact);
      });
    },
  );
}

test('without verification damage still ends in values or a DataError', async () => {
  await withDirectory(async (directory) => {
    const strings = ['a', '', 'longer'].map((text) => new TextEncoder().encode(text));
    await writeCheckpoint(`${directory}/m`, [
      { name: 's', dtype: 'string', shape: [3], data: strings },
      { name: 'w', dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    ]);
    for (const file of ['m.index', 'm.data-00000-of-00001']) {
      const path = `${directory}/${file}`;
      const bytes = await readFile(path);
      const readDamaged = async (change: Mutation) => {
        await writeFile(path, mutate(bytes, change));
        await readEach(directory, { verify: false });
      };
      await fc.assert(fc.asyncProperty(mutation, readDamaged), { numRuns: 200 });
      await writeFile(path, bytes);
    }
  });
});

async function checkDamage(directory: string, path: string, intact: Map<string, Tensor>): Promise<void> {
  const bytes = await readFile(path);
  const check = async (change: Mutation) => {
    await writeFile(path, mutate(bytes, change));
    for (const [name, tensor] of await readEach(directory, {})) {
      assert.ok(intact.has(name), `${name} was never written`);
      assertSameTensor(tensor, intact.get(name)!, name);
    }
  };
  await fc.assert(fc.asyncProperty(mutation, check), { numRuns: 120 });
  await writeFile(path, bytes);
}

/** All tensors that can be read; everything but a DataError is thrown on. */
async function readEach(directory: string, options: { verify?: boolean }): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  try {
    await withCheckpoint(openCheckpoint(directory, options), async (checkpoint) => {
      for (const name of checkpoint.names()) {
        try {
          tensors.set(name, await checkpoint.read(name));
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
        }
      }
    });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  return tensors;
}
