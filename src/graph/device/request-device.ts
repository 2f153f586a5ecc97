import { AdapterError } from '../../base/errors.ts';
import { type AdapterDescription, adapterLine } from './adapter-description.ts';
import { OPTIONAL_FEATURES } from './features.ts';
import { requiredLimits } from './limits.ts';
import type { RuntimeKind } from './runtime.ts';

/**
 * bun-webgpu hands Dawn the address of a description that nothing else holds: where it is collected meanwhile, Dawn reads
 * what came in its place and refuses it.
 */
const BUN_ATTEMPTS = 3;

/** @throws {AdapterError} where the adapter gives none. */
export async function requestDevice(
  adapter: GPUAdapter,
  description: AdapterDescription,
  runtime: RuntimeKind,
): Promise<GPUDevice> {
  const wanted = {
    label: 'tsos',
    requiredFeatures: OPTIONAL_FEATURES.filter((name) => adapter.features.has(name)),
    requiredLimits: requiredLimits(adapter.limits),
  };
  for (let attempts = runtime === 'bun' ? BUN_ATTEMPTS : 1; ; ) {
    try {
      return await adapter.requestDevice(wanted);
    } catch (error) {
      if (--attempts > 0) continue;
      throw new AdapterError(`${adapterLine(description)} gives no device: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}
