import { UsageError } from '../../base/errors.ts';
import { installedPackage } from './installed-package.ts';
import { currentRuntime } from './runtime.ts';
import { type AdapterSource, globalWebGpu } from './web-gpu.ts';

/** Settings of Dawn, which only the `webgpu` package under Node takes. */
export interface DawnOptions {
  /** Dawn toggles to switch on, by the names in Dawn's `Toggles.cpp`. */
  toggles?: readonly string[] | undefined;
  /** False switches bounds checks in kernels off. Unsafe: a wrong index then reads or writes foreign memory. */
  robustness?: boolean | undefined;
  /** Exact timestamps; Dawn rounds them to 65 536 ns otherwise. */
  timestamps?: boolean | undefined;
  /** Only an adapter whose name contains this. */
  adapterName?: string | undefined;
}

/**
 * Finds WebGPU in the runtime at hand: the `webgpu` package under Node, `bun-webgpu` under Bun, the global
 * `navigator.gpu` in Deno and browsers. A package is loaded only when its runtime asks for it.
 *
 * @throws AdapterError where the runtime has no WebGPU or its package is not installed.
 * @throws UsageError for Dawn settings that must be obeyed, in a runtime that cannot.
 */
export async function findWebGpu(options: DawnOptions = {}): Promise<AdapterSource> {
  const runtime = currentRuntime();
  if (runtime.kind === 'node') {
    const dawn = await installedPackage<DawnPackage>('webgpu');
    if (dawn) {
      const gpu = keepForLife(dawn.create(dawnArguments(options)));
      return { gpu, runtime, library: await packageVersion('webgpu') };
    }
  }
  refuseDawnOptions(options, runtime.name);
  if (runtime.kind === 'bun') {
    const dawn = await installedPackage<BunPackage>('bun-webgpu');
    if (dawn) {
      // Its own code throws some of the classes it would have as globals.
      dawn.globals();
      const gpu = keepForLife(dawn.createGPUInstance());
      return { gpu, runtime, library: await packageVersion('bun-webgpu') };
    }
  }
  return globalWebGpu({
    node: 'install its package with "npm i webgpu"',
    bun: 'install its package with "bun add bun-webgpu"',
  });
}

interface DawnPackage {
  create(options: string[]): GPU;
}

interface BunPackage {
  globals(): void;
  createGPUInstance(): GPU;
}

/** Dawn's instances, never let go: the process dies in a mutex when one is collected while work is pending. */
const instances = new Set<GPU>();

function keepForLife(gpu: GPU): GPU {
  instances.add(gpu);
  return gpu;
}

function dawnArguments({ toggles = [], robustness, timestamps, adapterName }: DawnOptions): string[] {
  const enabled = robustness === false ? [...toggles, 'disable_robustness'] : toggles;
  const args: string[] = [];
  if (enabled.length > 0) args.push(`enable-dawn-features=${enabled.join(',')}`);
  if (timestamps) args.push('disable-dawn-features=timestamp_quantization');
  if (adapterName !== undefined) args.push(`adapter=${adapterName}`);
  return args;
}

/** Exact timestamps are a wish, granted where they can be; the others change what runs, so they are not passed over. */
function refuseDawnOptions({ toggles = [], robustness, adapterName }: DawnOptions, runtime: string): void {
  const asked = [
    toggles.length > 0 ? 'toggles' : undefined,
    robustness === false ? 'robustness: false' : undefined,
    adapterName !== undefined ? 'adapterName' : undefined,
  ].filter((name) => name !== undefined);
  if (asked.length > 0) {
    throw new UsageError(
      `openGpu: ${asked.join(' and ')} cannot be had under ${runtime}; only the webgpu package under Node takes it.`,
    );
  }
}

async function packageVersion(name: string): Promise<string> {
  try {
    const { readFile } = await import('node:fs/promises');
    const manifest = await readFile(new URL('package.json', import.meta.resolve(name)), 'utf8');
    return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
  } catch {
    return name;
  }
}
