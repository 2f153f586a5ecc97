import { diskTree } from '../../io/files/disk-tree.ts';
import type { Target } from './target.ts';

const ENDINGS = ['', '.tar', '.tar.gz', '.tgz'];

/**
 * Looks for a checkpoint by its name: a directory or an archive of that name in a folder, or in a folder `sparse_<model>` of it
 * as the server has them.
 * @returns its path; undefined where there is none.
 */
export async function findCheckpoint(
  folder: string,
  { model, name }: Pick<Target, 'model' | 'name'>,
): Promise<string | undefined> {
  for (const place of [`${folder}/sparse_${model}`, folder]) {
    for (const ending of ENDINGS) {
      const path = `${place}/${name}${ending}`;
      if ((await diskTree.kind(path)) !== undefined) return path;
    }
  }
  return undefined;
}
