import { BufferUsage, MAP_MODE_READ } from './buffer-usage.ts';

/** Optional abilities of a device. Each was seen working. Only training in sizes that take long loops needs one. */
export interface DeviceFeatures {
  /** Kernels can be timed on the device itself. */
  readonly timestampQuery: boolean;
  /**
   * Whether the loops of an invocation run to their end, however many rounds that takes. Mesa's llvmpipe leaves them all after
   * 65,535 and tells nobody.
   */
  readonly longLoops: boolean;
}

/** The features to request with the device, where the adapter offers them. */
export const OPTIONAL_FEATURES = ['timestamp-query'] as const;

/**
 * Finds out by running tiny kernels which optional abilities work: runtimes have offered features whose kernels did not
 * compile, or returned zeros (denoland/deno #23125).
 */
export async function probeFeatures(device: GPUDevice): Promise<DeviceFeatures> {
  return {
    timestampQuery:
      device.features.has('timestamp-query') && (await works(device, () => timestampsRun(device))),
    longLoops: await works(device, () => kernelGives(device, LONG_LOOP_KERNEL, LONG_LOOP_RESULT)),
  };
}

/** Its rounds begin at a number from a buffer, and no formula that compilers know gives what comes of them. */
const LONG_LOOP_ROUNDS = 70_000;
const LONG_LOOP_RESULT = Number(BigInt.asUintN(32, 3n ** BigInt(LONG_LOOP_ROUNDS)));
const LONG_LOOP_KERNEL = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> result: array<u32>;
@compute @workgroup_size(1) fn main() {
  var power = 1u;
  for (var i = result[0]; i < ${LONG_LOOP_ROUNDS}u; i++) { power *= 3u; }
  result[0] = power;
}`;

/** True when the probe says so and no validation error came of it. */
async function works(device: GPUDevice, probe: () => Promise<boolean>): Promise<boolean> {
  device.pushErrorScope('validation');
  let worked = false;
  try {
    worked = await probe();
  } catch {
    // A probe that throws is an answer too: the feature is not usable.
  }
  return (await device.popErrorScope()) === null && worked;
}

async function kernelGives(device: GPUDevice, code: string, expected: number): Promise<boolean> {
  const module = device.createShaderModule({ label: 'feature probe', code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const result = device.createBuffer({ size: 4, usage: BufferUsage.STORAGE | BufferUsage.COPY_SRC });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: result } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  const [value] = new Uint32Array(await submitAndRead(device, encoder, result));
  return value === expected;
}

/** Timestamps around an empty pass: written (not zero) and not running backwards. */
async function timestampsRun(device: GPUDevice): Promise<boolean> {
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const result = device.createBuffer({
    size: 16,
    usage: BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC,
  });
  const encoder = device.createCommandEncoder();
  encoder
    .beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    })
    .end();
  encoder.resolveQuerySet(querySet, 0, 2, result, 0);
  const [begin, end] = new BigUint64Array(await submitAndRead(device, encoder, result));
  querySet.destroy();
  return end > 0n && end >= begin;
}

/** Finishes and submits the commands, reads the buffer back and destroys it. */
async function submitAndRead(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  buffer: GPUBuffer,
): Promise<ArrayBuffer> {
  const staging = device.createBuffer({
    size: buffer.size,
    usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
  });
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(MAP_MODE_READ);
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
    buffer.destroy();
  }
}
