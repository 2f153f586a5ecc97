import assert from 'node:assert/strict';
import type { Checkpoint, Tensor, TensorData } from '../../src/io/checkpoint/checkpoint-types.ts';
import { compareBytes, hex } from './bytes.ts';
import { openTestCheckpoint } from './files.ts';

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

/** All tensors of a checkpoint. */
export async function readAll(checkpoint: Checkpoint): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const name of checkpoint.names()) tensors.set(name, await checkpoint.read(name));
  return tensors;
}

/** All tensors of a safetensors file. */
export function readSafetensors(file: string): Promise<Map<string, Tensor>> {
  return withCheckpoint(openTestCheckpoint(file), readAll);
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
  else assert.ok(compareBytes(rawBytes(actual.data), rawBytes(expected.data)) === 0, `values of ${name}`);
}

function hexOf(data: TensorData): string[] {
  assert.ok(Array.isArray(data));
  return data.map(hex);
}
