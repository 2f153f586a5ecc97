import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SparsePattern } from '../../src/base/sparse-pattern.ts';
import { openCheckpoint } from '../../src/io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { readSmtx } from '../../src/io/exchange/smtx.ts';

/*
 * The files tests read. Where tests run in a browser, `browser/files.ts` stands in for this and asks the server of the page:
 * what needs no more of the file system than these functions runs there too.
 */

/** Whether tests may take the time and memory of models of full size. */
export const TAKES_FULL_SIZE = true;

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

/** @param file of a checkpoint or safetensors; or a directory with a checkpoint */
export function openTestCheckpoint(file: string): Promise<Checkpoint> {
  return openCheckpoint(file);
}

/** A pattern of the Deep Learning Matrix Collection, gzipped. */
export function readTestPattern(file: string): Promise<SparsePattern> {
  return readSmtx(file);
}
