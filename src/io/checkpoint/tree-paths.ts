import type { FileTree } from '../archive/file-tree.ts';
import { isTable } from './table.ts';

/** Path of a file of a directory; `''` is the current one, or the top of an archive. */
export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, Math.max(0, slash));
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether there is a file of this path that ends as a table does. */
export async function isTableFile(tree: FileTree, path: string): Promise<boolean> {
  if ((await tree.kind(path)) !== 'file') return false;
  const source = await tree.open(path);
  return isTable(source).finally(() => source.close());
}

/** Names for a message, the first five of many. */
export function shortList(names: readonly string[]): string {
  return names.length > 5
    ? `${names.slice(0, 5).join(', ')}, ... (${names.length} in all)`
    : names.join(', ');
}
