import type { DecodeThread } from './decode-threads.ts';
import { type PictureView, type Prepared, prepare } from './prepare.ts';

/** Turns JPEGs into what the model sees, in this thread or in others. */
export interface Decoder {
  /** How many pictures it can be busy with at once. */
  readonly threads: number;
  /** The memory that `jpeg` is in may be given away. */
  prepare(jpeg: Uint8Array, view?: PictureView): Promise<Prepared>;
  close(): Promise<void>;
}

/**
 * @param workers how many threads to start; with 0 the calling thread decodes.
 * @param onUnavailable called where they cannot be started, and the calling thread decodes instead.
 * @param start how to start one.
 */
export async function openDecoder(
  workers: number,
  onUnavailable: (cause: Error) => void,
  start: () => Promise<DecodeThread>,
): Promise<Decoder> {
  if (workers === 0) return IN_THIS_THREAD;
  try {
    return await startThreads(workers, start);
  } catch (error) {
    onUnavailable(error as Error);
    return IN_THIS_THREAD;
  }
}

const IN_THIS_THREAD: Decoder = {
  threads: 0,
  prepare: async (jpeg, view) => prepare(jpeg, view),
  async close() {},
};

async function startThreads(count: number, start: () => Promise<DecodeThread>): Promise<Decoder> {
  const starts = await Promise.allSettled(Array.from({ length: count }, start));
  const threads = starts.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const close = async () => {
    await Promise.all(threads.map((thread) => thread.close()));
  };
  const failed = starts.find((each) => each.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return {
    threads: count,
    prepare: (jpeg, view = {}) =>
      threads.reduce((a, b) => (b.load < a.load ? b : a)).ask({ jpeg, view }, [jpeg.buffer as ArrayBuffer]),
    close,
  };
}
