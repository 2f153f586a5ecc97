import { UsageError } from '../base/errors.ts';
import { openCheckpoint } from '../io/checkpoint/checkpoint.ts';
import { verifyCheckpoint } from '../io/checkpoint/verify-checkpoint.ts';
import { type Pin, pinOf } from '../io/download/checksums.ts';
import { type FetchedFile, type FetchFileOptions, fetchFile } from '../io/download/fetch-file.ts';
import { cacheDirectory } from '../io/files/cache-directory.ts';
import { assertPublished, type Expected } from './assert-published.ts';
import { PUBLISHED_AT } from './catalogue.ts';

/** A checkpoint that is published, by the authors of the paper or by somebody else. */
export interface Fetchable extends Expected {
  /** Of its archive, below the address it is fetched from; by default `sparse_<model>/<name>.tar`. */
  readonly path?: string | undefined;
}

/** How a checkpoint is fetched, and where to. */
export interface FetchOptions extends Omit<FetchFileOptions, 'check' | 'checkedAs' | 'pinned'> {
  /** Where to keep it, laid out as on the server. Default: `cacheDirectory()`. */
  readonly cache?: string | undefined;
  /** Base address to fetch from, with the layout of {@link PUBLISHED_AT}, the default. */
  readonly from?: string | undefined;
  /** What files must be, by their names; see `parseChecksums`. */
  readonly pins?: ReadonlyMap<string, Pin> | undefined;
  /** Called as the variables of what has come are verified. */
  readonly onVerify?: ((done: number, total: number) => void) | undefined;
}

/** A checkpoint that is on this machine now; the path is of the archive. */
export interface FetchedCheckpoint extends FetchedFile {
  /** Name of the checkpoint. */
  readonly name: string;
  /** How many variables the checkpoint in it has. */
  readonly variables: number;
}

/**
 * Downloads a published checkpoint into the cache, unless it is there. What comes is read whole: every checksum of the checkpoint
 * must be right, and its variables, their sizes and their sparsity those of the one that was asked for. One that is there is
 * read again where it was changed since, or with `verify`.
 * @throws {DataError} where what came, or what is there, is another or damaged. {UsageError} for a base address that is none.
 *   And what `fetchFile` throws.
 */
export async function fetchCheckpoint(
  checkpoint: Fetchable,
  { cache = cacheDirectory(), from, pins, onVerify, ...options }: FetchOptions = {},
): Promise<FetchedCheckpoint> {
  const { name } = checkpoint;
  const path = `${cache}/${archivePath(checkpoint)}`;
  let variables: number | undefined;
  const fetched = await fetchFile(downloadAddress(checkpoint, from), path, {
    ...options,
    pinned: pins && pinOf(pins, path),
    checkedAs: expectation(checkpoint),
    async check(arrived) {
      variables = await verify(arrived, checkpoint, { onVerify, signal: options.signal });
    },
  });
  return { name, ...fetched, variables: variables ?? (await countVariables(path)) };
}

/** Of a checkpoint's archive, in a cache or on a server. */
export function archivePath({ name, model, path }: Pick<Fetchable, 'name' | 'model' | 'path'>): string {
  return path ?? `sparse_${model}/${name}.tar`;
}

/**
 * Where the archive of a published checkpoint is, at a base address.
 * @throws {UsageError} where that is no http address.
 */
export function downloadAddress(
  checkpoint: Pick<Fetchable, 'name' | 'model' | 'path'>,
  from: string = PUBLISHED_AT,
): string {
  return addressBelow(from, archivePath(checkpoint));
}

/** @throws {UsageError} where the base is no http address. */
export function addressBelow(from: string, path: string): string {
  const base = URL.canParse(from) ? new URL(from) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new UsageError(`"${from}" is no address to download from; it must begin with http:// or https://`);
  }
  return `${base.href.replace(/\/+$/, '')}/${path}`;
}

/** What a checkpoint is looked at for: catalogues may have different ones by one name. */
function expectation({ technique, keptWeights, totalWeights, logAlphaThreshold }: Expected): string {
  const kept = `${keptWeights} of ${totalWeights} weights`;
  return [technique, kept, logAlphaThreshold].filter((part) => part !== undefined).join(', ');
}

/** @returns how many variables there are. */
async function verify(
  path: string,
  expected: Expected,
  { onVerify, signal }: Pick<FetchOptions, 'onVerify' | 'signal'>,
): Promise<number> {
  await using checkpoint = await openCheckpoint(path);
  await assertPublished(checkpoint, expected);
  await verifyCheckpoint(checkpoint, (done, total) => {
    signal?.throwIfAborted();
    onVerify?.(done, total);
  });
  return checkpoint.names().length;
}

/** Reads no more than the index. */
async function countVariables(path: string): Promise<number> {
  await using checkpoint = await openCheckpoint(path);
  return checkpoint.names().length;
}
