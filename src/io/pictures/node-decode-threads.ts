import { AnsweringThread } from '../threads/answering-thread.ts';
import { coreCount, startNodeThread } from '../threads/node-thread.ts';
import { type DecodeThreads, threadsFor } from './decode-threads.ts';

/** Threads of Node, Deno and Bun. */
export const nodeDecodeThreads: DecodeThreads = {
  count: () => threadsFor(coreCount()),
  start: async () => AnsweringThread.over(startNodeThread(SCRIPT), 'decoding'),
};

const SCRIPT = new URL(
  import.meta.url.endsWith('.ts') ? './node-decode-worker.ts' : './node-decode-worker.js',
  import.meta.url,
);
