import { DataError, UsageError } from '../../base/errors.ts';
import type { OpenedPictures } from '../../io/pictures/open-pictures.ts';
import { countPictures, type Selection } from '../../io/pictures/read-pictures.ts';

/**
 * How many pictures a run is to see.
 * @param paths what the user gave, for the message
 * @throws {DataError} where there is no picture at all.
 * @throws {UsageError} where there are more shards than pictures: mostly the number of a job stands where their count should.
 */
export async function countSelected(
  pictures: OpenedPictures,
  { shard = { index: 0, count: 1 }, limit }: Selection,
  paths: readonly string[],
): Promise<number> {
  const all = await countPictures(pictures, { limit });
  if (all === 0) throw new DataError('has no picture in it', { file: paths.join(', ') });
  if (shard.count > all) {
    throw new UsageError(
      `--shard ${shard.index}/${shard.count}: there are only ${all} pictures for so many parts`,
    );
  }
  return Math.ceil((all - shard.index) / shard.count);
}
