import { type Gpu, openGpu, type TuningOptions } from '../../graph/open-gpu.ts';
import { showProgress } from '../terminal/progress.ts';
import { tuningOptions } from './tuning-options.ts';

/** Opens the adapter and lets go of it once it has been used. */
export async function withDevice<T>(
  use: (gpu: Gpu) => Promise<T>,
  tuning: TuningOptions = tuningOptions(),
): Promise<T> {
  await using gpu = await openGpu({ tuning, timestamps: true });
  using _ = disposedAtExit(gpu);
  return await use(gpu);
}

/** Shows how far the loading of a model is, and stops it when asked to. */
export async function withLoadProgress<T>(
  signal: AbortSignal,
  load: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  using progress = showProgress('loaded');
  return await load((done, total) => {
    signal.throwIfAborted();
    progress.update(done, total, 'matrices');
  });
}

/** Dawn may crash where a process ends with a live device. One that dies of a signal does not wait for its work. */
function disposedAtExit(gpu: Gpu): Disposable {
  const dispose = (code: number) => {
    if (code < 128) gpu.dispose();
  };
  process.once('exit', dispose);
  return { [Symbol.dispose]: () => process.off('exit', dispose) };
}
