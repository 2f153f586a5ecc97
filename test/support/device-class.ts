import type { Gpu } from '../../src/graph/device/gpu.ts';
import { testGpu } from './gpu.ts';

export type DeviceClass = Gpu['deviceClass'];

export const DEVICE_CLASSES: readonly DeviceClass[] = ['cpu', 'gpu'];

const guises = new Map<DeviceClass, Gpu>();

/** The test device in the guise of either class, so that the kernel variants of both run on whatever there is. */
export async function gpuAs(deviceClass: DeviceClass): Promise<Gpu> {
  const gpu = await testGpu();
  if (gpu.deviceClass === deviceClass) return gpu;
  let guise = guises.get(deviceClass);
  if (guise === undefined) {
    guise = inGuise(gpu, { deviceClass });
    guises.set(deviceClass, guise);
  }
  return guise;
}

/** A device that differs in some of what it says of itself, or makes or reads buffers in another way. */
export function inGuise(
  gpu: Gpu,
  said: Partial<Pick<Gpu, 'adapter' | 'deviceClass' | 'features' | 'tuning' | 'createBuffer' | 'read'>>,
): Gpu {
  return new Proxy(gpu, {
    get(target, property) {
      if (Object.hasOwn(said, property)) return said[property as keyof typeof said];
      const value: unknown = Reflect.get(target, property, target);
      // Methods reach private fields, which a proxy does not have.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
