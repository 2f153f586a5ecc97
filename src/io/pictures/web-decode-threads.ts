import { AnsweringThread } from '../threads/answering-thread.ts';
import { webThread } from '../threads/web-thread.ts';
import { type DecodeThreads, threadsFor } from './decode-threads.ts';

/** Web Workers. */
export const webDecodeThreads: DecodeThreads = {
  count: () => threadsFor(globalThis.navigator?.hardwareConcurrency ?? 1),
  async start() {
    // As it stands here bundlers know that it is a script of its own, and take it along.
    const worker = new Worker(new URL('./web-decode-worker.ts', import.meta.url), { type: 'module' });
    return AnsweringThread.over(webThread(worker), 'decoding');
  },
};
