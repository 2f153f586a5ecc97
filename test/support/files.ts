import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/*
 * The files tests read. Where tests run in a browser, `browser/files.ts` stands in for this and asks the server of the page:
 * what needs no more of the file system than these functions runs there too.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where a file of the repository lies, or, from `shared/` on, one of the fixtures beside the checkout. */
export function testFile(...parts: readonly string[]): string {
  return [ROOT.replace(/[\\/]$/, ''), ...(parts[0] === 'shared' ? ['..'] : []), ...parts].join('/');
}

/** Whether something lies where `testFile` says. */
export function isThere(file: string): boolean {
  return existsSync(file);
}

export async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(file));
}

export function readText(file: string): Promise<string> {
  return readFile(file, 'utf8');
}

export async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readText(file)) as T;
}
