import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TsosError } from '../../base/errors.ts';
import { PartFile } from '../files/part-file.ts';
import { explainWriteFailure } from '../files/write-failure.ts';
import { rangeRequest, readAnswer, TransientError } from './http-answer.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes come; `total` is undefined while it is not known. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** Called before each wait. */
  readonly onRetry?: (reason: string, waitMs: number) => void;
  /** How often to try without getting any further. Default 6. */
  readonly attempts?: number;
  /** The first wait, which doubles up to 30 s. Default 1 s. */
  readonly backoffMs?: number;
  /** How long nothing may come before a connection counts as dead. Default 60 s. */
  readonly stallMs?: number;
  /** Looks at the whole file before it gets its name; where it throws, the file is removed. */
  readonly check?: (path: string) => Promise<void>;
}

const MAX_WAIT_MS = 30_000;

/**
 * Downloads a file over HTTP so that it appears whole or not at all. What has come is kept in `<path>.part` and gone on with
 * after a failure, an abort or a crash, unless the file on the server has changed since; an MD5 that the server states
 * (`x-goog-hash`) is verified.
 *
 * @returns how many bytes the file has, and how many of them an earlier run had brought.
 * @throws {TsosError} where the server refuses, fails too often, or the disk is too small. On an abort, the reason of the signal.
 */
export async function download(
  url: string,
  path: string,
  options: DownloadOptions = {},
): Promise<{ bytes: number; resumed: number }> {
  await mkdir(dirname(path), { recursive: true }).catch((cause) => {
    throw explainWriteFailure(path, cause);
  });
  const part = await PartFile.open(url, path);
  const resumed = part.length;
  let restarted = false;
  try {
    await retrying(part, url, options, async () => {
      restarted = (await receive(url, part, options)) || restarted;
      await assertMd5(part);
    });
  } finally {
    await part.close();
  }
  try {
    await options.check?.(part.path);
  } catch (error) {
    await part.remove();
    throw error;
  }
  await part.finish();
  return { bytes: part.length, resumed: restarted ? 0 : resumed };
}

/** Does work until it succeeds; gives up where it fails too often without getting any further. */
async function retrying(
  part: PartFile,
  url: string,
  { signal, onRetry, attempts = 6, backoffMs = 1000 }: DownloadOptions,
  work: () => Promise<void>,
): Promise<void> {
  let furthest = part.length;
  for (let failures = 0; ; ) {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (part.length > furthest) failures = 0;
      furthest = Math.max(furthest, part.length);
      if (error.mustRestart) await part.restart();
      if (++failures >= attempts) {
        throw new TsosError(
          `${url}: ${error.message}, ${attempts} times in a row; try again later` +
            (part.length > 0 ? `, ${part.length} bytes are kept` : ''),
          { cause: error },
        );
      }
      const wait = Math.min(MAX_WAIT_MS, Math.max(error.retryAfter, backoffMs * 2 ** (failures - 1)));
      onRetry?.(error.message, wait);
      await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch(() =>
        signal?.throwIfAborted(),
      );
    }
  }
}

/** Asks for what is missing and writes what comes. @returns whether it came from the beginning. */
async function receive(url: string, part: PartFile, options: DownloadOptions): Promise<boolean> {
  if (part.length > 0 && part.length === part.remote.size) return false;
  const watch = new StallWatch(options.stallMs ?? 60_000, options.signal);
  try {
    const response = await transient(
      fetch(url, { headers: rangeRequest(part.length, part.remote), signal: watch.signal }),
    );
    const answer = readAnswer(response, part.length, part.remote);
    if (answer.kind === 'whole') await part.restart(answer.remote);
    if (answer.kind !== 'complete') {
      await assertSpace(part);
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

/** @throws {TsosError} where what is missing does not fit on the disk. */
async function assertSpace({ path, length, remote }: PartFile): Promise<void> {
  if (remote.size === undefined) return;
  const { bavail, bsize } = await statfs(dirname(path));
  const missing = remote.size - length;
  if (missing <= bavail * bsize) return;
  throw new TsosError(
    `${path}: ${missing} bytes are still to come and only ${bavail * bsize} are free; make room or choose another --cache`,
  );
}

async function assertMd5({ path, remote }: PartFile): Promise<void> {
  if (remote.md5 === undefined) return;
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  if (hash.digest('base64') === remote.md5) return;
  throw new TransientError('the file came damaged (its MD5 is not the one the server states)', {
    mustRestart: true,
  });
}

/** Takes any failure for one that may pass: fetch does not say which are of the network. */
async function transient<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { message, cause } = error as Error;
    throw new TransientError((cause as Error | undefined)?.message || message, { cause: error });
  }
}

/** Aborts when nothing has come for too long, or when the signal it is given does. */
class StallWatch {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, signal: AbortSignal | undefined) {
    this.#ms = ms;
    this.signal = AbortSignal.any([this.#controller.signal, ...(signal === undefined ? [] : [signal])]);
    this.feed();
  }

  feed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new Error(`nothing came for ${this.#ms / 1000} s`)),
      this.#ms,
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new Error('the connection is not needed any more'));
  }
}
