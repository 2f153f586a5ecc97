import { type DawnOptions, findWebGpu } from './device/adapter-source.ts';
import type { Gpu } from './device/gpu.ts';
import { type DeviceOptions, openDevice } from './open-device.ts';

export type { AdapterDescription } from './device/adapter-description.ts';
export type { DawnOptions } from './device/adapter-source.ts';
export type { DeviceFeatures } from './device/features.ts';
export type { Gpu } from './device/gpu.ts';
export { type DeviceLimits, LIMIT_NAMES, type LimitName } from './device/limits.ts';
export type { DeviceOptions } from './open-device.ts';
export type { TuningOptions, TuningStore } from './tuning/tuning.ts';

/** How to open a device. `toggles`, `robustness: false` and `adapterName` need the `webgpu` package under Node. */
export interface GpuOptions extends DawnOptions, DeviceOptions {}

/**
 * Opens a WebGPU device with all the adapter has to give, under Node (package `webgpu`), Deno, Bun (package `bun-webgpu`)
 * or in a browser.
 *
 * @throws AdapterError when there is no WebGPU, no adapter, only a software adapter without leave to use it, or none that
 *   gives a device.
 * @throws UsageError for options that this runtime cannot obey, or a tuning budget that is no number of seconds.
 */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  return openDevice(await findWebGpu(options), options);
}
