import type { FileContent } from './checkpoint-types.ts';
import type { Located } from './locate.ts';
import { join } from './tree-paths.ts';

/** The file of this name around a checkpoint that was found, the nearest first; undefined where there is none. */
export async function readAround(
  { around }: Pick<Located, 'around'>,
  name: string,
): Promise<FileContent | undefined> {
  for (const { tree, path } of around) {
    const file = join(path, name);
    if ((await tree.kind(file)) !== 'file') continue;
    const source = await tree.open(file);
    const bytes = await source.read(0, source.size).finally(() => source.close());
    return { file: tree.describe(file), bytes };
  }
  return undefined;
}
