import { diskTree } from '../files/disk-tree.ts';
import { folderOf, pathIn } from '../files/paths.ts';
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
    return [...(await filesIn(path)), ...(await filesIn(pathIn(path, 'variables')))];
  }
  const file = await outermostFile(path);
  return [...(file === undefined ? [] : [file]), ...(await filesIn(folderOf(file ?? path)))];
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await diskTree.list(folder);
  return names
    .filter((name) => isCheckpointFile(name) || COMPANION.test(name))
    .map((name) => pathIn(folder, name));
}

/** Of `archive.tar/inner/path` the archive. */
async function outermostFile(path: string): Promise<string | undefined> {
  for (let outer = path; folderOf(outer) !== outer; outer = folderOf(outer)) {
    const kind = await diskTree.kind(outer);
    if (kind !== undefined) return kind === 'file' ? outer : undefined;
  }
  return undefined;
}
