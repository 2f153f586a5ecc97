import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalize } from 'node:path';
import { testFile } from '../../test/support/files.ts';

/** A server of the loopback. */
export interface TestServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
}

/** Serves an empty page, scripts, and below `/files/` what tests read. */
export async function serveTests(scripts: ReadonlyMap<string, Uint8Array>): Promise<TestServer> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(`${request.url}`, 'http://localhost').pathname).slice(1);
    if (path === '') return send(response, 'text/html', PAGE);
    const script = scripts.get(path);
    if (script !== undefined) return send(response, 'text/javascript', script);
    const file = fileOf(path);
    const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined);
    if (bytes !== undefined) return send(response, 'application/octet-stream', bytes);
    response.writeHead(404).end();
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

const PAGE = '<!doctype html><title>tests</title><link rel="icon" href="data:,">';

/** Where a file below `/files/` lies; undefined for anything that no test reads. */
function fileOf(path: string): string | undefined {
  const [top, ...parts] = normalize(path).split('/');
  return top === 'files' && ['test', 'demo', 'shared'].includes(parts[0]) ? testFile(...parts) : undefined;
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
