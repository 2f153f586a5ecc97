import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { openCheckpoint } from '../io/checkpoint/checkpoint.ts';
import { type DownloadOptions, download } from '../io/download/download.ts';
import { PUBLISHED_AT, type PublishedCheckpoint } from './catalogue.ts';

export interface FetchOptions extends Omit<DownloadOptions, 'check'> {
  /** Where to keep it, laid out as on the server. */
  readonly cache: string;
  /** Base address to fetch from, with the layout of {@link PUBLISHED_AT}, the default. */
  readonly from?: string | undefined;
}

/** A checkpoint that is on this machine now. */
export interface FetchedCheckpoint {
  readonly name: string;
  /** Of the archive. */
  readonly path: string;
  readonly url: string;
  readonly bytes: number;
  readonly status: 'downloaded' | 'present';
  /** Bytes that an interrupted run had brought before. */
  readonly resumed: number;
  /** How many variables the checkpoint in it has. */
  readonly variables: number;
}

/**
 * Downloads a published checkpoint into the cache, unless it is there, and makes sure that it can be read.
 * @throws {DataError} where what came, or what is there, is no readable checkpoint. {UsageError} for a base address that
 *   is none. And what {@link download} throws.
 */
export async function fetchCheckpoint(
  checkpoint: PublishedCheckpoint,
  { cache, from = PUBLISHED_AT, ...options }: FetchOptions,
): Promise<FetchedCheckpoint> {
  const { name } = checkpoint;
  const url = downloadAddress(checkpoint, from);
  const path = join(cache, ...checkpoint.path.split('/'));
  const present = await stat(path).catch(() => undefined);
  if (present !== undefined) {
    const variables = await countVariables(path);
    return { name, path, url, bytes: present.size, status: 'present', resumed: 0, variables };
  }
  let variables = 0;
  const { bytes, resumed } = await download(url, path, {
    ...options,
    async check(arrived) {
      variables = await countVariables(arrived);
    },
  });
  return { name, path, url, bytes, status: 'downloaded', resumed, variables };
}

/**
 * Where the archive of a published checkpoint is, at a base address.
 * @throws {UsageError} where that is no http address.
 */
export function downloadAddress(
  { path }: Pick<PublishedCheckpoint, 'path'>,
  from: string = PUBLISHED_AT,
): string {
  const base = URL.canParse(from) ? new URL(from) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new UsageError(`"${from}" is no address to download from; it must begin with http:// or https://`);
  }
  return `${base.href.replace(/\/+$/, '')}/${path}`;
}

/** Reads no more than the index. */
async function countVariables(path: string): Promise<number> {
  const checkpoint = await openCheckpoint(path);
  const variables = checkpoint.names().length;
  await checkpoint.close();
  return variables;
}
