// Needs no file system: runs as it stands under all runtimes, and in a page when bundled.
import {
  checkpointFiles,
  checkpointSparsity,
  type NamedTensor,
  openCheckpoint,
  openGpu,
  openPictures,
  readPictures,
} from 'tsos/browser';

const tensors: NamedTensor[] = [
  { name: 'dense/kernel', dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 0, 2, 0) },
];
await using checkpoint = await openCheckpoint(await checkpointFiles('model.ckpt-1', tensors));
const { layers, sparsity } = await checkpointSparsity(checkpoint);
expect(layers[0]?.name === 'dense/kernel' && sparsity === 0.5, 'half of a layer is zero');

// 8 × 8 pixels, mid-grey.
const JPEG =
  '/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z';
const pictures = await openPictures([Uint8Array.from(atob(JPEG), (char) => char.charCodeAt(0))], {
  unlabelled: true,
});
let decoder = 'a worker';
const onWorkersUnavailable = () => {
  decoder = 'the calling thread';
};
for await (const picture of readPictures(pictures, { workers: 1, onWorkersUnavailable })) {
  if ('error' in picture) throw picture.error;
  expect(
    picture.pixels.every((value) => value === 128),
    'a picture is decoded',
  );
}
console.log(`tsos/browser opens a checkpoint from memory, and decodes a picture in ${decoder}`);

try {
  await using gpu = await openGpu({ allowSoftware: true });
  console.log(`tsos/browser runs on ${gpu.describe()}`);
} catch (error) {
  // Node and Bun have no WebGPU of their own, and this door leads to no package that has.
  if (globalThis.navigator?.gpu) throw error;
  console.log(`tsos/browser: ${(error as Error).message}`);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}
