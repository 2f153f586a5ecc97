import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NAMES, onnxMatmul } from './onnx-matmul.mjs';

/**
 * onnxruntime-web with its WebGPU provider. Operands lie on the device before, and results stay there.
 * @param {GPUDevice} device the one it will be given
 * @returns {Promise<import('./spmm.mjs').Peer>}
 */
export async function openOnnxRuntime(device) {
  const ort = await import('onnxruntime-web/webgpu');
  const module = fileURLToPath(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'));
  ort.env.wasm.wasmBinary = (await readFile(module)).buffer;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const options = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' };
  // With its last session it would destroy the device.
  await ort.InferenceSession.create(onnxMatmul(1, 1, 1, Float32Array.of(1)), options);
  return {
    name: `onnxruntime-web ${ort.env.versions.web}`,
    async product({ rows, cols, n, a, b }) {
      const session = await ort.InferenceSession.create(onnxMatmul(rows, cols, n, a), options);
      const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
      const buffer = device.createBuffer({ size: b.byteLength, usage: STORAGE | COPY_DST | COPY_SRC });
      device.queue.writeBuffer(buffer, 0, b);
      const right = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [cols, n] });
      const feeds = { [NAMES.b]: right };
      const once = async () => (await session.run(feeds))[NAMES.c];
      return {
        async run(times) {
          for (let time = 0; time < times; time++) (await once()).dispose();
        },
        async result() {
          const c = await once();
          return c.getData(true);
        },
        async dispose() {
          await session.release();
          buffer.destroy();
        },
      };
    },
  };
}
