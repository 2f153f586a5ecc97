import { DataError } from '../../base/errors.ts';
import type { OpenedPictures } from '../../io/pictures/open-pictures.ts';
import { countPictures, type Selection } from '../../io/pictures/read-pictures.ts';

/**
 * How many pictures a run is to see. Of more shards than pictures some have none, which is no mistake.
 * @param paths what the user gave, for the message
 * @throws {DataError} where there is no picture at all.
 */
export async function countSelected(
  pictures: OpenedPictures,
  selection: Selection,
  paths: readonly string[],
): Promise<number> {
  const total = await countPictures(pictures, selection);
  if (total === 0 && (await countPictures(pictures, { limit: 1 })) === 0) {
    throw new DataError('has no picture in it', { file: paths.join(', ') });
  }
  return total;
}
