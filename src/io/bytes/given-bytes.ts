import { UsageError } from '../../base/errors.ts';
import { blobSource } from './blob-source.ts';
import { fetchBytes } from './url-source.ts';

/** A small file that is on no disk, or where it is to be had. */
export type GivenBytes = URL | Blob | Uint8Array | ArrayBuffer;

/** All of a small file, and what errors call it. @throws {DataError} where it cannot be read. */
export async function readGiven(given: GivenBytes): Promise<{ file: string; bytes: Uint8Array }> {
  if (given instanceof URL) return { file: given.href, bytes: await fetchBytes(given.href) };
  if (given instanceof Blob) {
    const { name: file = 'the given Blob' } = given as Partial<File>;
    return { file, bytes: await blobSource(file, given).read(0, given.size) };
  }
  return { file: 'the given bytes', bytes: given instanceof Uint8Array ? given : new Uint8Array(given) };
}

/** Whether a text is an address on the web and no path. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A URL that may be relative to the page, where there is one. @throws {UsageError} where it is none. */
export function urlOfPage(url: string): URL {
  const base = globalThis.location?.href;
  if (URL.canParse(url, base)) return new URL(url, base);
  throw new UsageError(
    `${JSON.stringify(url)} is no URL; there is no file system here to look for a path in`,
  );
}
