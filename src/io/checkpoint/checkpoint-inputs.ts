import { dirname, join } from 'node:path';
import { diskTree } from '../files/disk-tree.ts';
import { isCheckpointFile } from './locate.ts';

/** Beside the files of a checkpoint itself, what is read or belongs with them. */
const COMPANION = /^hparams\.json$|\.meta$/;

/**
 * The files on disk that opening a checkpoint may read, without opening it: an archive, or all files of its folder that by
 * their names are of some checkpoint.
 * @param path as for `openCheckpoint`; one that leads nowhere has none.
 */
export async function checkpointInputs(path: string): Promise<string[]> {
  if ((await diskTree.kind(path)) === 'directory') {
    return [...(await filesIn(path)), ...(await filesIn(join(path, 'variables')))];
  }
  const file = await outermostFile(path);
  return [...(file === undefined ? [] : [file]), ...(await filesIn(dirname(file ?? path)))];
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await diskTree.list(folder);
  return names
    .filter((name) => isCheckpointFile(name) || COMPANION.test(name))
    .map((name) => join(folder, name));
}

/** Of `archive.tar/inner/path` the archive. */
async function outermostFile(path: string): Promise<string | undefined> {
  for (let outer = path; dirname(outer) !== outer; outer = dirname(outer)) {
    const kind = await diskTree.kind(outer);
    if (kind !== undefined) return kind === 'file' ? outer : undefined;
  }
  return undefined;
}
