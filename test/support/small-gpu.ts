import { Gpu, type GpuFacts } from '../../src/graph/device/gpu.ts';
import { openGpu } from '../../src/graph/open-gpu.ts';

/** What a device is made to lack. */
export interface Smallness {
  readonly limits?: Partial<GpuFacts['limits']>;
  /** Bytes of all buffers that there is memory for together. */
  readonly memory?: number;
}

/** Works with a device of its own that allows less than the adapter does, or has less memory. */
export async function withSmallGpu<T>(smallness: Smallness, work: (gpu: Gpu) => Promise<T>): Promise<T> {
  await using own = await openGpu({ allowSoftware: true });
  const { adapter, features, tuning } = own;
  const { memory = Number.POSITIVE_INFINITY } = smallness;
  const limits = { ...own.limits, ...smallness.limits };
  const device = withMemory(own.device, memory);
  return await work(new Gpu({ device, adapter, limits, features, tuning, patience: 1800 }));
}

/** A device that tells of each buffer that would be too much, in the error scope around it, that there was no memory. */
function withMemory(device: GPUDevice, bytes: number): GPUDevice {
  let isOut = false;
  let used = 0;
  return new Proxy(device, {
    get(target, property) {
      if (property === 'createBuffer') {
        return (descriptor: GPUBufferDescriptor) => {
          isOut = used + descriptor.size > bytes;
          const buffer = target.createBuffer(descriptor);
          let taken = isOut ? 0 : descriptor.size;
          used += taken;
          const destroy = buffer.destroy.bind(buffer);
          buffer.destroy = () => {
            used -= taken;
            taken = 0;
            return destroy();
          };
          return buffer;
        };
      }
      if (property === 'popErrorScope') {
        const error = isOut ? { message: 'no memory' } : undefined;
        isOut = false;
        return async () => (await target.popErrorScope()) ?? error;
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}
