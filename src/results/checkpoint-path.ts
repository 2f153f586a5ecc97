import { UsageError } from '../base/errors.ts';
import { cacheDirectory } from '../io/files/cache-directory.ts';
import { diskTree } from '../io/files/disk-tree.ts';
import { PUBLISHED_CHECKPOINTS } from './catalogue.ts';
import { archivePath, type Fetchable, type FetchOptions, fetchCheckpoint } from './fetch-checkpoint.ts';
import { nearest } from './named-checkpoints.ts';
import { findCheckpoint } from './reproduction/find-checkpoint.ts';

/** What a name may mean, and how that is fetched. */
export interface NameOptions extends FetchOptions {
  /** What is published; by default by the authors of the paper. */
  readonly catalogue?: readonly Fetchable[] | undefined;
}

/**
 * The path of a checkpoint that is given by a path or by a published name. What is there by that path goes first. A name means
 * what the cache has under it, and else what is fetched.
 * @throws {UsageError} where it can only be a name, and is none that is published. And what {@link fetchCheckpoint} throws.
 */
export async function checkpointPath(given: string, options: NameOptions = {}): Promise<string> {
  const { catalogue = PUBLISHED_CHECKPOINTS, cache = cacheDirectory(), ...fetching } = options;
  if (/[/\\]/.test(given) || (await isThere(given))) return given;
  const named = catalogue.find(({ name }) => name === given || `${name}.tar` === given);
  if (named === undefined) {
    assertNoSlip(given, catalogue);
    return given;
  }
  return publishedPath(named, { cache, ...fetching });
}

/** The path of a published checkpoint: as the user unpacked it in the cache, or of its archive, which is fetched where it is not there. */
export async function publishedPath(
  checkpoint: Fetchable,
  { cache = cacheDirectory(), ...fetching }: FetchOptions = {},
): Promise<string> {
  const found = await findCheckpoint(cache, checkpoint);
  const archive = `${cache}/${archivePath(checkpoint)}`;
  if (found !== undefined && found !== archive) return found;
  return (await fetchCheckpoint(checkpoint, { cache, ...fetching })).path;
}

/** A prefix is there where its index is. */
async function isThere(path: string): Promise<boolean> {
  for (const file of [path, `${path}.index`]) if ((await diskTree.kind(file)) !== undefined) return true;
  return false;
}

/** @throws {UsageError} where a name was meant, by how it begins, that is not published. */
function assertNoSlip(given: string, catalogue: readonly Fetchable[]): void {
  const stem = /^[a-z0-9_]+?_(?=[\d.])/i.exec(given)?.[0];
  if (stem === undefined || !catalogue.some(({ name }) => name.startsWith(stem))) return;
  throw new UsageError(
    `there is no ${given} here, and none is published by that name${nearest(catalogue, given)}`,
  );
}
