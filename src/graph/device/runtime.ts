/** The JavaScript runtimes this package knows how to get WebGPU from. */
export type RuntimeKind = 'node' | 'deno' | 'bun' | 'browser';

/** Which runtime this is, with its version: `node 20.20.2`, `deno 2.9.6`, `bun 1.4.5`, or the browser's user agent. */
export function currentRuntime(): { kind: RuntimeKind; name: string } {
  const { Deno, Bun, process, navigator } = globalThis as RuntimeGlobals;
  // Deno and Bun both offer a `process`, so they are asked first.
  if (Deno) return { kind: 'deno', name: `deno ${Deno.version.deno}` };
  if (Bun) return { kind: 'bun', name: `bun ${Bun.version}` };
  if (process?.versions?.node) return { kind: 'node', name: `node ${process.versions.node}` };
  return { kind: 'browser', name: navigator?.userAgent ?? 'browser' };
}

/** An environment variable, or undefined where there is none to ask (browsers, Deno without the permission). */
export function environmentVariable(name: string): string | undefined {
  try {
    return (globalThis as RuntimeGlobals).process?.env?.[name];
  } catch {
    return undefined;
  }
}

interface RuntimeGlobals {
  Deno?: { version: { deno: string } };
  Bun?: { version: string };
  process?: { versions?: { node?: string }; env?: Record<string, string | undefined> };
  navigator?: { userAgent?: string };
}
