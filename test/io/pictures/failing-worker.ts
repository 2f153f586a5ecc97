/** A thread that starts well and fails at its first picture. */
import { parentPort } from 'node:worker_threads';

parentPort!.on('message', () => {
  throw new Error('out of order');
});
parentPort!.postMessage('ready');
