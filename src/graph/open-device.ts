import { AdapterError } from '../base/errors.ts';
import {
  type AdapterDescription,
  adapterLine,
  describeAdapter,
  isNullBackend,
} from './device/adapter-description.ts';
import { probeFeatures } from './device/features.ts';
import { Gpu } from './device/gpu.ts';
import { copyLimits } from './device/limits.ts';
import { requestDevice } from './device/request-device.ts';
import { environmentVariable, type RuntimeKind } from './device/runtime.ts';
import type { AdapterSource } from './device/web-gpu.ts';
import { Tuning, type TuningOptions } from './tuning/tuning.ts';

/** How to open a device. */
export interface DeviceOptions {
  /**
   * Whether an adapter that computes on the CPU will do. Defaults to whether the environment says `TSOS_SOFTWARE=1`, as it
   * does in what `tsos exec` starts on a machine without a GPU.
   */
  allowSoftware?: boolean;
  /** Which of several GPUs; `high-performance` unless told. */
  powerPreference?: GPUPowerPreference;
  /** Seconds after which waiting for the device counts as a hang. Defaults to 120, or 1800 on a software adapter. */
  patience?: number;
  /** How kernel variants are chosen; unless given, nothing is measured and nothing read: those that suit the class of device. */
  tuning?: TuningOptions;
}

/** Opens a device of a WebGPU that was found, with all its adapter has to give. */
export async function openDevice(source: AdapterSource, options: DeviceOptions): Promise<Gpu> {
  const adapter = await requestAdapter(source, options);
  const description = describeAdapter(adapter, source);
  refuseUnusable(description, source, options.allowSoftware ?? environmentVariable('TSOS_SOFTWARE') === '1');
  const tuning = await Tuning.open(description, options.tuning ?? { budget: 0 });
  const device = await requestDevice(adapter, description, source.runtime.kind);
  const limits = copyLimits(device.limits);
  const features = await probeFeatures(device);
  const patience = options.patience ?? (description.software ? 1800 : 120);
  return new Gpu({ device, adapter: description, limits, features, patience, tuning });
}

async function requestAdapter(
  { gpu, runtime, library }: AdapterSource,
  options: DeviceOptions,
): Promise<GPUAdapter> {
  const { powerPreference = 'high-performance' } = options;
  let reason = 'none was found';
  let cause: unknown;
  try {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter) return adapter;
  } catch (error) {
    // Dawn throws for a backend or adapter name that it does not have, over several lines.
    cause = error;
    reason = String((error as Error).message)
      .trim()
      .replace(/\s*\n\s*/g, ' ');
  }
  const where = [library, runtime.name].filter((part) => part !== undefined).join(', ');
  throw new AdapterError(`No WebGPU adapter (${where}): ${reason}. ${howToGetAnAdapter(runtime.kind)}`, {
    cause,
  });
}

function howToGetAnAdapter(kind: RuntimeKind): string {
  return kind === 'browser'
    ? 'Turn hardware acceleration on in the settings of the browser, or bring the graphics driver up to date.'
    : 'Install a graphics driver with Vulkan, Metal or Direct3D 12, or compute on the CPU: ' +
        '"npm i @sparticuz/chromium@147.0.0", then start this with "npx tsos exec -- <command>".';
}

function refuseUnusable(
  adapter: AdapterDescription,
  { runtime }: AdapterSource,
  allowSoftware: boolean,
): void {
  if (isNullBackend(adapter)) {
    throw new AdapterError(
      `The only WebGPU adapter is Dawn's null backend, which computes nothing. ${howToGetAnAdapter(runtime.kind)}`,
    );
  }
  if (adapter.software && !allowSoftware) {
    throw new AdapterError(
      `The only WebGPU adapter computes on the CPU, slowly: ${adapterLine(adapter)}. Allow it with TSOS_SOFTWARE=1 in the ` +
        'environment or openGpu({ allowSoftware: true }), or install a graphics driver.',
    );
  }
}
