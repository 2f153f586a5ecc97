import type { Gpu } from './device/gpu.ts';
import { globalWebGpu } from './device/web-gpu.ts';
import { type DeviceOptions, openDevice } from './open-device.ts';

/**
 * Opens a WebGPU device with all the adapter has to give, where WebGPU is part of the runtime: in browsers and Deno.
 *
 * @throws AdapterError when there is no WebGPU, no adapter, only a software adapter without leave to use it, or none that
 *   gives a device.
 * @throws UsageError for a tuning budget that is no number of seconds.
 */
export async function openGpu(options: DeviceOptions = {}): Promise<Gpu> {
  return openDevice(globalWebGpu({ node: OTHER_DOOR, bun: OTHER_DOOR }), options);
}

const OTHER_DOOR = 'import openGpu from "tsos", which brings it by a package';
