import type { Gpu } from '../../src/graph/gpu.ts';
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
    guise = new Proxy(gpu, {
      get(target, property) {
        if (property === 'deviceClass') return deviceClass;
        const value: unknown = Reflect.get(target, property, target);
        // Methods reach private fields, which a proxy does not have.
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    guises.set(deviceClass, guise);
  }
  return guise;
}
