import { DeviceError } from '../../base/errors.ts';
import type { Kernel } from '../../wgsl/kernel.ts';
import type { Gpu } from './gpu.ts';

/** A kernel compiled for a device. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const caches = new WeakMap<Gpu, Map<string, Promise<Pipeline>>>();

/**
 * The compiled kernel; each distinct text is compiled once per device, also when it is asked for again meanwhile.
 * @throws {DeviceError} with the compiler's messages and the lines they speak of.
 */
export function pipelineFor(gpu: Gpu, kernel: Kernel): Promise<Pipeline> {
  let cache = caches.get(gpu);
  if (cache === undefined) {
    cache = new Map();
    caches.set(gpu, cache);
  }
  let pipeline = cache.get(kernel.code);
  if (pipeline === undefined) {
    pipeline = compile(gpu, kernel);
    cache.set(kernel.code, pipeline);
    pipeline.catch(() => caches.get(gpu)?.delete(kernel.code));
  }
  return pipeline;
}

async function compile(gpu: Gpu, kernel: Kernel): Promise<Pipeline> {
  const { device } = gpu;
  // Drivers that fail to compile what is valid report an internal error.
  device.pushErrorScope('internal');
  device.pushErrorScope('validation');
  const layout = device.createBindGroupLayout({ label: kernel.name, entries: layoutEntries(kernel) });
  const module = device.createShaderModule({ label: kernel.name, code: kernel.code });
  const pipeline = device.createComputePipeline({
    label: kernel.name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  const invalid = device.popErrorScope();
  const failed = device.popErrorScope();
  const error = (await invalid) ?? (await failed);
  if (error) {
    const details = await compilerMessages(module, kernel.code);
    throw new DeviceError(
      `Kernel "${kernel.name}" does not compile: ${error.message}\n${details.join('\n')}`,
    );
  }
  return { pipeline, layout };
}

/** What the compiler said, with the lines it spoke of; nothing where the runtime cannot tell, as bun-webgpu cannot. */
async function compilerMessages(module: GPUShaderModule, code: string): Promise<string[]> {
  let messages: readonly GPUCompilationMessage[];
  try {
    ({ messages } = await module.getCompilationInfo());
  } catch {
    return [];
  }
  const lines = code.split('\n');
  return messages.map(
    ({ lineNum, linePos, message }) =>
      `  line ${lineNum}:${linePos}: ${message}\n    ${lines[lineNum - 1] ?? ''}`,
  );
}

function layoutEntries(kernel: Kernel): GPUBindGroupLayoutEntry[] {
  const COMPUTE = 4; // GPUShaderStage.COMPUTE, which not every runtime sets as a global
  const storage = kernel.bindings.map(
    ({ access }, index): GPUBindGroupLayoutEntry => ({
      binding: index + 1,
      visibility: COMPUTE,
      buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
    }),
  );
  if (kernel.parameters.length === 0) return storage;
  return [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform' } }, ...storage];
}
