import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../../src/base/errors.ts';
import { openCheckpoint } from '../../src/io/checkpoint/checkpoint.ts';
import type { Checkpoint, Tensor, TensorData } from '../../src/io/checkpoint/checkpoint-types.ts';

/** Runs `use` with a fresh directory that is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-test-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs `use` with an opened checkpoint that is closed afterwards. */
export async function withCheckpoint<T>(
  opening: Promise<Checkpoint>,
  use: (checkpoint: Checkpoint) => Promise<T>,
): Promise<T> {
  const checkpoint = await opening;
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The little-endian bytes of a numeric tensor. */
export function rawBytes(data: TensorData): Uint8Array {
  assert.ok(!Array.isArray(data));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Equal dtype, shape and bytes: NaN patterns count too. */
export function assertSameTensor(actual: Tensor, expected: Tensor, name: string): void {
  assert.equal(actual.dtype, expected.dtype, name);
  assert.deepEqual([...actual.shape], [...expected.shape], name);
  if (Array.isArray(expected.data)) assert.deepEqual(hexOf(actual.data), hexOf(expected.data), name);
  else assert.ok(Buffer.compare(rawBytes(actual.data), rawBytes(expected.data)) === 0, `values of ${name}`);
}

/** Asserts that `work` fails with a DataError whose message fits `pattern`, and returns it. */
export async function dataErrorOf(work: Promise<unknown>, pattern: RegExp): Promise<DataError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof DataError, `${error}`);
    assert.match(error.message, pattern);
    return error;
  }
  assert.fail(`no DataError matching ${pattern}`);
}

/** All tensors of a checkpoint. */
export async function readAll(checkpoint: Checkpoint): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const name of checkpoint.names()) tensors.set(name, await checkpoint.read(name));
  return tensors;
}

/** All tensors of a safetensors file. */
export function readSafetensors(path: string): Promise<Map<string, Tensor>> {
  return withCheckpoint(openCheckpoint(path), readAll);
}

function hexOf(data: TensorData): string[] {
  assert.ok(Array.isArray(data));
  return data.map((bytes) => Buffer.from(bytes).toString('hex'));
}
