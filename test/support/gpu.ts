import { type Gpu, openGpu } from '../../src/graph/open-gpu.ts';

let shared: Promise<Gpu> | undefined;

/**
 * The one device of this test process, software allowed. Tests share it and never dispose it: it is destroyed when the
 * process ends, because a device alive at teardown can crash Dawn. No hook is needed in the test files.
 */
export function testGpu(): Promise<Gpu> {
  shared ??= openForProcess();
  return shared;
}

async function openForProcess(): Promise<Gpu> {
  const gpu = await openGpu({ allowSoftware: true });
  // In a browser it ends with its page.
  globalThis.process?.once('exit', () => gpu.dispose());
  return gpu;
}
