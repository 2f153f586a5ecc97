import { DataError } from '../../base/errors.ts';
import type { FileTree } from '../archive/file-tree.ts';
import { fileName, isTableFile, join, parentOf, shortList } from './tree-paths.ts';

/** Name of one of the table files of a V1 checkpoint; those of a V2 one end so too, see `DATA_SHARD`. */
export const V1_SHARD = /-\d{5,}-of-(\d{5,})$/;
export const DATA_SHARD = /\.data-\d{5,}-of-\d{5,}$/;
/** What TensorFlow calls all the table files, in its state file too. */
const V1_SHARDS = /-\?{5}-of-(\d{5,})$/;

/**
 * The table files of a sharded V1 checkpoint: by their common name, with `-?????-of-00003` or the name of one of them.
 * Empty where there are none.
 * @throws {DataError} where some are missing, or those of several checkpoints have the name.
 */
export async function v1Shards(tree: FileTree, prefix: string): Promise<string[]> {
  const { stem, byCount } = await shardsByCount(tree, prefix);
  if (byCount.size === 0) return [];
  const file = tree.describe(prefix);
  const names = [...byCount.keys()].map((count) => `${stem}-?????-of-${count}`);
  if (names.length > 1) {
    throw new DataError(`is the name of several checkpoints; name one of ${shortList(names)}`, { file });
  }
  const [[count, files]] = byCount;
  if (files.length !== Number(count)) {
    throw new DataError(`${files.length} of its ${Number(count)} files ${names} are here; get the others`, {
      file,
    });
  }
  return files;
}

/** Whether files of this name are those of a V1 checkpoint: TFRecord files are numbered in the same way. */
export async function isV1Prefix(tree: FileTree, prefix: string): Promise<boolean> {
  const { byCount } = await shardsByCount(tree, prefix);
  const [[first] = []] = byCount.values();
  return first !== undefined && isTableFile(tree, first);
}

/** Paths by the number of files that their names say. */
async function shardsByCount(
  tree: FileTree,
  prefix: string,
): Promise<{ stem: string; byCount: ReadonlyMap<string, string[]> }> {
  const directory = parentOf(prefix);
  const wanted = V1_SHARDS.exec(prefix) ?? V1_SHARD.exec(prefix);
  const stem = fileName(wanted === null ? prefix : prefix.slice(0, wanted.index));
  const byCount = new Map<string, string[]>();
  for (const name of (await tree.list(directory)).sort()) {
    const shard = V1_SHARD.exec(name);
    if (shard === null || name.slice(0, shard.index) !== stem || DATA_SHARD.test(name)) continue;
    const [, count] = shard;
    if (count === (wanted?.[1] ?? count)) {
      byCount.set(count, [...(byCount.get(count) ?? []), join(directory, name)]);
    }
  }
  return { stem, byCount };
}
