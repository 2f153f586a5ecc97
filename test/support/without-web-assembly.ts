/** What `start` gives where there is no WebAssembly, as in a page whose security policy forbids it. */
export function withoutWebAssembly<T>(start: () => T): T {
  const { WebAssembly } = globalThis;
  Object.assign(globalThis, { WebAssembly: undefined });
  try {
    return start();
  } finally {
    Object.assign(globalThis, { WebAssembly });
  }
}
