import type { SparsePattern } from '../../../src/base/sparse-pattern.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/open-anywhere.ts';
import { parseSmtx } from '../../../src/io/exchange/parse-smtx.ts';

/*
 * `../files.ts` in a browser: the server of the page has the same files.
 */

/** Minutes for each on a software adapter, beside those that other runtimes take. */
export const TAKES_FULL_SIZE = false;

/** The URL of a file of the repository, or, from `shared/` on, of one of the fixtures beside the checkout. */
export function testFile(...parts: readonly string[]): string {
  return new URL(['/files', ...parts].join('/'), location.href).href;
}

/** Asked at once, because tests are registered so; a page may. */
export function isThere(file: string): boolean {
  const request = new XMLHttpRequest();
  request.open('HEAD', file, false);
  request.send();
  return request.status === 200;
}

export async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await answer(file)).arrayBuffer());
}

export async function readText(file: string): Promise<string> {
  return (await answer(file)).text();
}

export async function readJson<T>(file: string): Promise<T> {
  return (await (await answer(file)).json()) as T;
}

/** A directory is told by its slash: servers do not list them. */
export function openTestCheckpoint(file: string): Promise<Checkpoint> {
  return openCheckpoint(/\.\w+$/.test(file) ? file : `${file}/`);
}

export async function readTestPattern(file: string): Promise<SparsePattern> {
  const unpacked = (await answer(file)).body!.pipeThrough(new DecompressionStream('gzip'));
  return parseSmtx(new Uint8Array(await new Response(unpacked).arrayBuffer()));
}

async function answer(file: string): Promise<Response> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return response;
}
