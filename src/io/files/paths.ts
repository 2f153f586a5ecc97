import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path of this system with slashes between its parts, which every system understands. */
export function withSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

/** The path that a `file:` URL names. */
export function pathOfFileUrl(url: URL): string {
  return fileURLToPath(url);
}

/** The last part of a path; empty of one that ends in a slash. */
export function fileNameOf(path: string): string {
  return withSlashes(path).endsWith('/') ? '' : basename(path);
}

/** The folder that a path is in. */
export const folderOf: (path: string) => string = dirname;

/** A path below a folder. */
export const pathIn: (folder: string, ...parts: string[]) => string = join;
