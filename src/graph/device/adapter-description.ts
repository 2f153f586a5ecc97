import type { AdapterSource } from './web-gpu.ts';

/** What ran the kernels; it goes into every result. Strings are empty where the runtime does not tell. */
export interface AdapterDescription {
  /** As WebGPU tells it; often empty. */
  readonly vendor: string;
  /** As WebGPU tells it; often empty. */
  readonly architecture: string;
  /** As WebGPU tells it; often empty. */
  readonly device: string;
  /** As WebGPU tells it; often empty. */
  readonly description: string;
  /** Such as `node 20.20.2`. */
  readonly runtime: string;
  /** The WebGPU library and its version, such as `webgpu 0.6.2`; undefined where it is part of the runtime. */
  readonly library: string | undefined;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
}

/** Copies what an adapter tells about itself: its own objects may not outlive it. */
export function describeAdapter(adapter: GPUAdapter, source: AdapterSource): AdapterDescription {
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter } = adapter.info;
  const names = [vendor, architecture, device, description].join(' ');
  return {
    vendor,
    architecture,
    device,
    description,
    runtime: source.runtime.name,
    library: source.library,
    software: isFallbackAdapter === true || SOFTWARE_NAMES.test(names),
  };
}

/** One line for people: `SwiftShader driver 5.0.0 (google swiftshader, software; webgpu 0.6.2, node 20.20.2)`. */
export function adapterLine(adapter: AdapterDescription): string {
  const name = adapter.description || adapter.device || adapter.architecture || 'unnamed adapter';
  const kind = [adapter.vendor, adapter.architecture].filter((part) => part !== '').join(' ');
  const details = [
    [kind, adapter.software ? 'software' : ''].filter((part) => part !== '').join(', '),
    [adapter.library, adapter.runtime].filter((part) => part !== undefined).join(', '),
  ].filter((part) => part !== '');
  return `${name} (${details.join('; ')})`;
}

/** Dawn's backend that accepts every call and computes nothing. */
export function isNullBackend(adapter: AdapterDescription): boolean {
  return adapter.device === 'null-backend';
}

const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;
