import { AdapterError } from '../../base/errors.ts';
import { currentRuntime, type RuntimeKind } from './runtime.ts';

/** A WebGPU implementation and where it came from. */
export interface AdapterSource {
  gpu: GPU;
  runtime: { kind: RuntimeKind; name: string };
  /** Library and version behind it, such as `webgpu 0.6.2`; undefined where it is part of the runtime. */
  library: string | undefined;
}

/**
 * The WebGPU that is part of the runtime, as browsers and Deno have it.
 * @param howElse what to do in runtimes that have none of their own
 * @throws AdapterError where it has none.
 */
export function globalWebGpu(howElse: Readonly<Record<'node' | 'bun', string>>): AdapterSource {
  const runtime = currentRuntime();
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (!gpu) {
    const advice = { ...HOW_TO_HAVE_IT, ...howElse }[runtime.kind];
    throw new AdapterError(`No WebGPU under ${runtime.name}: ${advice}.`);
  }
  return { gpu, runtime, library: undefined };
}

const HOW_TO_HAVE_IT = {
  deno: 'start Deno with --unstable-webgpu, or put "unstable": ["webgpu"] into deno.json',
  browser: 'use a browser that has navigator.gpu, and serve the page over https or from localhost',
};
