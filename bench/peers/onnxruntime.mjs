import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NAMES, onnxMatmul } from './onnx-matmul.mjs';

/**
 * onnxruntime-web with its WebGPU provider. Operands lie on the device before, and results stay there.
 * @param {GPUDevice} device the one it will be given
 * @returns {Promise<import('./spmm.mjs').Peer>}
 */
export async function openOnnxRuntime(device) {
  const ort = await importOnnxRuntime();
  return {
    name: nameOf(ort),
    async product({ rows, cols, n, a, b }) {
      const session = await ort.InferenceSession.create(onnxMatmul(rows, cols, n, a), OPTIONS);
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

/**
 * A model in onnxruntime-web with its WebGPU provider, from values in memory to values in memory.
 * @param {Uint8Array} model with one input and one output
 * @returns {Promise<{ name: string, run(values: Float32Array, shape: number[]): Promise<Float32Array> }>} `name` is the
 *   library's, with its version
 */
export async function openOnnxModel(model) {
  const ort = await importOnnxRuntime();
  const session = await ort.InferenceSession.create(model, OPTIONS);
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return {
    name: nameOf(ort),
    async run(values, shape) {
      const results = await session.run({ [input]: new ort.Tensor('float32', values, shape) });
      return results[output].getData(true);
    },
  };
}

const OPTIONS = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' };

async function importOnnxRuntime() {
  const ort = await import('onnxruntime-web/webgpu');
  const module = fileURLToPath(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'));
  ort.env.wasm.wasmBinary = (await readFile(module)).buffer;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  // With its last session it would destroy the device.
  await ort.InferenceSession.create(onnxMatmul(1, 1, 1, Float32Array.of(1)), OPTIONS);
  return ort;
}

function nameOf(ort) {
  return `onnxruntime-web ${ort.env.versions.web}`;
}
