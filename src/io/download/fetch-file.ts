import { DataError, UsageError } from '../../base/errors.ts';
import { readFetchRecord, stampOf, writeFetchRecord } from '../files/fetch-record.ts';
import { digestFile, type FileDigest } from '../files/file-digest.ts';
import { FileLock } from '../files/file-lock.ts';
import { makeParent } from '../files/part-file.ts';
import { assertPinned, type DownloadOptions, download } from './download.ts';

/** How a file is fetched. */
export interface FetchFileOptions extends DownloadOptions {
  /** Refuse to ask the network. */
  readonly offline?: boolean | undefined;
  /** Read a file that is there, and look at it as when it came, however it looks from outside. */
  readonly verify?: boolean | undefined;
  /** What `check` finds a file to be: one that is there and was found to be something else is checked again. */
  readonly checkedAs?: string | undefined;
  /** Called where another process is fetching the file, and is waited for. */
  readonly onWait?: (() => void) | undefined;
  /** Called before the network is asked. */
  readonly onFetch?: ((url: string) => void) | undefined;
}

/** A file that is on this machine now. */
export interface FetchedFile {
  /** Where it is. */
  readonly path: string;
  /** Where it comes, or would come, from. */
  readonly url: string;
  /** Its size. */
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Whether it had to be downloaded. */
  readonly status: 'downloaded' | 'present';
  /** Bytes that an interrupted run had brought before. */
  readonly resumed: number;
}

/**
 * Downloads a file unless it is there. Its size and hashes are kept beside it: later it counts as what was fetched while it
 * has the size and date it had; one with another date is read, and one with other bytes is told. Of several processes that want
 * the same file one downloads it, and the others wait.
 * @throws {DataError} where the file that is there is another than was fetched, or than is pinned, or fails the check.
 *   {UsageError} where it is not there and may not be asked for. And what {@link download} throws.
 */
export async function fetchFile(url: string, path: string, options: FetchFileOptions): Promise<FetchedFile> {
  const present = await presentFile(url, path, options);
  if (present !== undefined) return present;
  if (options.offline) {
    throw new UsageError(`${path} is not there, and offline it cannot be fetched from ${url}`);
  }
  await makeParent(path);
  await using _ = await FileLock.acquire(`${path}.lock`, options);
  // Another process may have brought it meanwhile.
  const brought = await presentFile(url, path, options);
  if (brought !== undefined) return brought;
  options.onFetch?.(url);
  const { bytes, sha256, resumed } = await download(url, path, {
    ...options,
    async check(arrived, digest) {
      await options.check?.(arrived, digest);
      await keepRecord({ url, checkedAs: options.checkedAs }, arrived, path, digest);
    },
  });
  return { path, url, bytes, sha256, status: 'downloaded', resumed };
}

async function presentFile(
  url: string,
  path: string,
  { verify = false, check, checkedAs, pinned, signal }: FetchFileOptions,
): Promise<FetchedFile | undefined> {
  const stamp = await stampOf(path);
  if (stamp === undefined) return undefined;
  const record = await readFetchRecord(path);
  const isUntouched = record?.bytes === stamp.bytes && record.modified === stamp.modified;
  const isChecked = record !== undefined && record.checkedAs === checkedAs && !verify;
  let digest: FileDigest | undefined = isChecked && isUntouched ? record : undefined;
  if (digest === undefined) {
    digest = await digestFile(path, { signal });
    if (record !== undefined && digest.sha256 !== record.sha256) {
      throw new DataError('is not what was fetched any more; remove it, and it will be fetched anew', {
        file: path,
      });
    }
    if (!isChecked) await check?.(path, digest);
    // In a cache that may only be read, the next run has to look again.
    await keepRecord({ url: record?.url ?? url, checkedAs }, path, path, digest).catch(() => {});
  }
  assertPinned(path, digest, pinned);
  return { path, url, bytes: digest.bytes, sha256: digest.sha256, status: 'present', resumed: 0 };
}

/** @param now where the file is at the moment; `path` is where it will be. */
async function keepRecord(
  { url, checkedAs }: { url: string; checkedAs: string | undefined },
  now: string,
  path: string,
  digest: FileDigest,
): Promise<void> {
  const { modified } = (await stampOf(now))!;
  const { bytes, sha256, md5 } = digest;
  await writeFetchRecord(path, { url, bytes, modified, sha256, md5, ...(checkedAs && { checkedAs }) });
}
