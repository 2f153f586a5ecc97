import { BufferUsage } from '../device/buffer-usage.ts';
import type { Gpu } from '../device/gpu.ts';
import { currentRuntime } from '../device/runtime.ts';

/**
 * Milliseconds that a pass takes: by the clock of a GPU that has one, else from submission to completion. A software
 * adapter's clock leaves out what it does around a pass, so there it only counts where completion is told late: Deno looks for
 * it every 10 ms, and most passes take less.
 */
export function passMilliseconds(gpu: Gpu, encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
  const toldLate = currentRuntime().kind === 'deno';
  const byDevice = gpu.features.timestampQuery && (gpu.deviceClass === 'gpu' || toldLate);
  return byDevice ? deviceMilliseconds(gpu, encode) : hostMilliseconds(gpu, encode);
}

async function hostMilliseconds(gpu: Gpu, encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
  const { device } = gpu;
  const started = performance.now();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  // Errors may take some milliseconds more to arrive; whether there are any, `settled` tells.
  const now = () => performance.now();
  const [ended] = await Promise.all([device.queue.onSubmittedWorkDone().then(now, now), gpu.settled()]);
  return ended - started;
}

async function deviceMilliseconds(gpu: Gpu, encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
  const { device } = gpu;
  const resolved = gpu.createBuffer('timestamps', 16, BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC);
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  try {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    });
    encode(pass);
    pass.end();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    device.queue.submit([encoder.finish()]);
    const [start, end] = new BigUint64Array(await gpu.read(resolved));
    return Number(end - start) / 1e6;
  } finally {
    resolved.destroy();
    querySet.destroy();
  }
}
