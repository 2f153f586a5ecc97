import { sep } from 'node:path';

/** A path of this system with slashes between its parts, which every system understands. */
export function withSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
