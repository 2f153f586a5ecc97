/**
 * The script of a decoding thread: says that it is ready, then answers each JPEG with what came of it, in order.
 */
import { parentPort } from 'node:worker_threads';
import { prepare } from './prepare.ts';

const port = parentPort!;

port.on('message', (jpeg: Uint8Array) => {
  const prepared = prepare(jpeg);
  port.postMessage(prepared, 'pixels' in prepared ? [prepared.pixels.buffer] : []);
});
port.postMessage('ready');
