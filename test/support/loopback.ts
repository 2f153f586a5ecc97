import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the loopback. */
export interface Loopback extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
}

/** What is given for a path: its media type and the bytes. */
export type Answer = readonly [type: string, body: string | Uint8Array];

/** Serves what `find` gives for a path without its leading slash; for what it has not, 404. */
export async function serve(
  find: (path: string) => Answer | undefined | Promise<Answer | undefined>,
): Promise<Loopback> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(`${request.url}`, 'http://localhost').pathname).slice(1);
    send(response, await find(path));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function send(response: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [type, body] = answer;
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
