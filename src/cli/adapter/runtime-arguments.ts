import { currentRuntime } from '../../graph/device/runtime.ts';

/** What goes between this runtime's executable and a script of this package, as source or as compiled. */
export function runtimeArguments(script: string): string[] {
  const { kind } = currentRuntime();
  if (kind === 'deno') return ['run', '--allow-all', '--unstable-webgpu'];
  const needsCompiler = kind === 'node' && script.endsWith('.ts');
  return needsCompiler ? ['--import', import.meta.resolve('tsx')] : [];
}
