import { DataError, TsosError } from '../../base/errors.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { digestFile, type FileDigest } from '../files/file-digest.ts';
import { PartFile } from '../files/part-file.ts';
import type { Pin } from './checksums.ts';
import { followRedirects } from './follow-redirects.ts';
import { rangeRequest, readAnswer, TransientError } from './http-answer.ts';
import { type RetryOptions, retrying } from './retrying.ts';
import { StallWatch } from './stall-watch.ts';

/** How a file is downloaded. */
export interface DownloadOptions extends RetryOptions {
  /** Called as bytes come; `total` is undefined while it is not known. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
  /** How long nothing may come before a connection counts as dead. Default 60 s. */
  readonly stallMs?: number | undefined;
  /** What the file must be, where that is known. */
  readonly pinned?: Pin | undefined;
  /** Looks at the whole file before it gets its name; where it throws, the file is removed. */
  readonly check?: ((path: string, digest: FileDigest) => Promise<void>) | undefined;
}

/** What came. */
export interface Downloaded extends FileDigest {
  /** How many of the bytes an earlier run had brought. */
  readonly resumed: number;
}

/**
 * Downloads a file over HTTP so that it appears whole or not at all. What has come is kept in `<path>.part` and gone on with
 * after a failure, an abort or a crash, unless the file on the server has changed since. Hashes that the server states
 * (`x-goog-hash`) and one that is pinned are compared.
 *
 * One at a time may do so for a path, see `fetchFile`.
 *
 * @throws {TsosError} where the server refuses, fails too often, or the disk is too small. {DataError} where the file is not
 *   the pinned one. On an abort, the reason of the signal.
 */
export async function download(
  url: string,
  path: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const part = await PartFile.open(url, path);
  const resumed = part.length;
  let restarted = false;
  let digest: FileDigest;
  try {
    digest = await retrying(part, url, options, async () => {
      restarted = (await receive(url, part, options)) || restarted;
      return assertHashes(part, options.signal);
    });
    await part.flush();
  } catch (error) {
    await part.close();
    // Nothing is no beginning of anything.
    if (part.length === 0) await part.remove();
    throw error;
  }
  await part.close();
  try {
    assertPinned(url, digest, options.pinned);
    await options.check?.(part.path, digest);
  } catch (error) {
    // What was broken off says nothing of the file.
    if (options.signal?.aborted) throw error;
    await part.remove();
    throw error instanceof DataError ? ofSource(error, part.path, url) : error;
  }
  await part.finish();
  return { ...digest, resumed: restarted ? 0 : resumed };
}

/** What is wrong with a file that is gone, said of where it came from. */
function ofSource({ message, cause }: DataError, path: string, url: string): DataError {
  return new DataError(`${message.replaceAll(path, url)}; nothing of it was kept`, {}, { cause });
}

/** Asks for what is missing and writes what comes. @returns whether it came from the beginning. */
async function receive(url: string, part: PartFile, options: DownloadOptions): Promise<boolean> {
  if (part.length > 0 && part.length === part.remote.size) return false;
  const watch = new StallWatch(options.stallMs ?? 60_000, options.signal);
  try {
    const headers = rangeRequest(part.length, part.remote);
    const response = await transient(followRedirects(url, headers, watch.signal));
    const answer = readAnswer(url, response, part.length, part.remote);
    if (answer.kind === 'whole') await part.restart(answer.remote);
    if (answer.kind !== 'complete') {
      await part.assertSpace();
      await writeBody(response, part, watch, options);
    }
    return answer.kind === 'whole';
  } finally {
    // Ends the connection, of which more may be to come.
    watch.stop();
  }
}

async function writeBody(
  response: Response,
  part: PartFile,
  watch: StallWatch,
  { onProgress }: DownloadOptions,
): Promise<void> {
  const { size } = part.remote;
  onProgress?.(part.length, size);
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { value } = await transient(reader.read());
    if (value === undefined) break;
    watch.feed();
    await part.append(value);
    onProgress?.(part.length, size);
  }
  if (size === undefined || part.length === size) return;
  const mustRestart = part.length > size;
  throw new TransientError(`${part.length} of ${size} bytes came`, { mustRestart });
}

/** @throws {TransientError} where the bytes do not have a hash that the server states. */
async function assertHashes(
  { path, remote }: PartFile,
  signal: AbortSignal | undefined,
): Promise<FileDigest> {
  let crc = 0;
  const digest = await digestFile(path, {
    signal,
    onPiece(piece) {
      if (remote.crc32c !== undefined) crc = crc32c(piece, crc);
    },
  });
  const wrong =
    remote.md5 !== undefined && remote.md5 !== digest.md5
      ? 'MD5'
      : remote.crc32c !== undefined && remote.crc32c !== crc
        ? 'CRC-32C'
        : undefined;
  if (wrong === undefined) return digest;
  throw new TransientError(`the file came damaged (its ${wrong} is not the one the server states)`, {
    mustRestart: true,
  });
}

/** @throws {DataError} where a file is another than the pinned one. */
export function assertPinned(file: string, digest: FileDigest, pinned: Pin | undefined): void {
  if (pinned === undefined) return;
  const kind = pinned.hash.length === 32 ? 'md5' : 'sha256';
  if (digest[kind] === pinned.hash) return;
  const called = kind === 'md5' ? 'MD5' : 'SHA-256';
  throw new DataError(`has the ${called} ${digest[kind]}, but by ${pinned.by} it is ${pinned.hash}`, {
    file,
  });
}

/** Takes any failure that has no type of ours for one that may pass: fetch does not say which are of the network. */
async function transient<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TsosError) throw error;
    const { message, cause } = error as Error;
    throw new TransientError((cause as Error | undefined)?.message || message, { cause: error });
  }
}
