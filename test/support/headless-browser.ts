import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QUIET_FLAGS, unpackChromium } from './chromium.ts';

export interface Visit<Value> {
  /** What the expression gave. */
  readonly value: Value;
  /** Paths of whatever else the page asked for. */
  readonly requested: readonly string[];
}

/**
 * Opens a page in the headless Chromium of the development dependency and evaluates an expression in it once it is loaded. The
 * page is served from the loopback, and sends what the expression gives back there: so nothing but HTTP is needed of the runtime.
 */
export async function visit<Value>(html: string, expression: string): Promise<Visit<Value>> {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-browser-'));
  const { promise, resolve, reject } = settleable<Value>();
  const requested: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/')
      return response.end(html.replace('</body>', () => `${reporter(expression)}</body>`));
    if (request.url === '/seen') resolve(JSON.parse(await bodyOf(request)));
    else if (request.url !== '/favicon.ico') requested.push(`${request.url}`);
    response.end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  let stderr = '';
  const browser = await startBrowser(
    directory,
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  );
  browser.stderr?.on('data', (text) => {
    stderr += text;
  });
  const closed = new Promise((done) => browser.once('close', done));
  browser.once('error', reject);
  void closed.then((code) => reject(new Error(`the browser ended with ${code}: ${stderr}`)));
  const timer = setTimeout(() => reject(new Error(`the browser is silent: ${stderr}`)), SILENCE_MS);
  try {
    return { value: await promise, requested };
  } finally {
    clearTimeout(timer);
    browser.kill('SIGKILL');
    await closed;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const SILENCE_MS = 60_000;

function reporter(expression: string): string {
  return `<script>addEventListener('load', () => fetch('/seen', { method: 'POST', body: JSON.stringify(${expression}) }))</script>`;
}

function settleable<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function startBrowser(directory: string, url: string) {
  const { program, environment } = await unpackChromium(directory);
  const options = [
    ...QUIET_FLAGS,
    '--headless=shell',
    '--no-zygote',
    '--single-process',
    '--disable-gpu',
    `--user-data-dir=${join(directory, 'profile')}`,
  ];
  return spawn(program, [...options, url], { stdio: ['ignore', 'ignore', 'pipe'], env: environment });
}
