import { globals } from 'webgpu';

/**
 * Makes `navigator.gpu` hand out a device that is already open, so that libraries written for browsers compute on the very
 * device that tsos does. To be called before they are imported: some look at once.
 * @param {import('../../src/graph/open-gpu.ts').Gpu} gpu
 */
export function offerDevice(gpu) {
  const { device, adapter } = gpu;
  copySharedMemory(device.queue);
  const offered = {
    features: device.features,
    limits: device.limits,
    info: adapter,
    isFallbackAdapter: adapter.software,
    requestDevice: async () => device,
  };
  const navigatorGpu = {
    requestAdapter: async () => offered,
    getPreferredCanvasFormat: () => 'bgra8unorm',
  };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: navigatorGpu, userAgent: 'node' },
    configurable: true,
  });
}

/** Dawn crashes on data that lies in shared memory, as that of a WebAssembly module with threads does. */
function copySharedMemory(queue) {
  const writeBuffer = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, offset, data, ...range) => {
    const shared = (ArrayBuffer.isView(data) ? data.buffer : data) instanceof SharedArrayBuffer;
    writeBuffer(buffer, offset, shared ? copied(data) : data, ...range);
  };
}

/** A copy of the same kind, because ranges count its elements. */
function copied(data) {
  if (!ArrayBuffer.isView(data)) return new Uint8Array(data).slice().buffer;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return data instanceof DataView ? new DataView(bytes.buffer) : new data.constructor(bytes.buffer);
}
