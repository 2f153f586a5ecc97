import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import {
  type NamedTensor,
  openCheckpoint,
  readTensors,
  writeCheckpoint,
  writeNpz,
  writeSafetensors,
} from 'tsos/io';

const tensors: NamedTensor[] = [
  { name: 'dense/kernel', dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
];
await writeCheckpoint('written/model.ckpt-1', tensors);
{
  await using checkpoint = await openCheckpoint('written');
  await writeNpz('written/model.npz', checkpoint);
  await writeSafetensors('written/model.safetensors', checkpoint);
}
await using again = await openCheckpoint('written/model.safetensors');
const read: NamedTensor[] = [];
for await (const tensor of readTensors(again)) read.push(tensor);
await rm('written', { recursive: true });
assert.deepEqual(read[0]?.data, tensors[0]?.data);
console.log('tsos/io takes a checkpoint to npz and through safetensors');
