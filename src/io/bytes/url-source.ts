import { DataError } from '../../base/errors.ts';
import { wait } from '../../base/wait.ts';
import { ByteSource, type ByteStore } from './byte-source.ts';
import { discardBody } from './discard-body.ts';
import { streamChunks } from './stream-chunks.ts';

/**
 * Opens what a URL names. Where its server answers range requests, only what is asked for is fetched; where it sends all,
 * that goes to `keep`.
 * @param keep takes in a file that cannot be fetched in parts, and says how to open it
 * @throws {NotThereError} where the server says that there is nothing, {DataError} where it refuses or cannot be reached.
 */
export async function openUrl(
  url: string,
  keep: (chunks: AsyncIterable<Uint8Array>) => Promise<(file: string) => Promise<ByteSource>>,
): Promise<ByteSource> {
  const response = await request(url, { start: 0, end: LEAST_WINDOW });
  if (response.status === 416) return new ByteSource(url, EMPTY);
  const size = response.status === 206 ? await wholeSize(url, response) : undefined;
  if (size !== undefined) {
    const validator = validatorOf(response);
    const head = new Uint8Array(await explained(url, response.arrayBuffer()));
    return new ByteSource(url, new RangeStore(url, size, validator, head));
  }
  const whole = response.status === 206 ? await fetchWhole(url, response) : response;
  const openKept = await keep(whole.body === null ? nothing() : streamChunks(whole.body));
  return openKept(url);
}

/** All that a URL names. @throws {DataError} as `openUrl` does. */
export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(url);
  return new Uint8Array(await explained(url, response.arrayBuffer()));
}

/** There is nothing at a URL. */
export class NotThereError extends DataError {
  override readonly name = 'NotThereError';
}

/** What is fetched at least, at a time: as much as comes in one go. */
const LEAST_WINDOW = 2 ** 16;
/** What is fetched at most, at a time, of what is read in order. */
const MOST_WINDOW = 2 ** 22;
/** How many windows are kept: tensors that are read in step have one each. */
const KEPT_WINDOWS = 6;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

interface Window extends Stretch {
  readonly bytes: Promise<Uint8Array>;
}

/**
 * Reads a URL by ranges. Each is fetched with what follows it: little at first, since many reads are single, and twice as
 * much each time that reading goes on behind it.
 */
class RangeStore implements ByteStore {
  readonly size: number;
  readonly #url: string;
  readonly #validator: string | null;
  /** The one used last at the end. */
  #windows: Window[];

  constructor(url: string, size: number, validator: string | null, head: Uint8Array) {
    this.#url = url;
    this.size = size;
    this.#validator = validator;
    this.#windows = [{ start: 0, end: head.length, bytes: Promise.resolve(head) }];
  }

  async readInto(position: number, target: Uint8Array): Promise<number> {
    const window = this.#windowAt(position, target.length);
    const bytes = await window.bytes;
    const found = bytes.subarray(position - window.start, position - window.start + target.length);
    target.set(found);
    return found.length;
  }

  async close(): Promise<void> {
    this.#windows = [];
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const response = await fetchWhole(this.#url);
    this.#requireSame(response);
    if (response.body !== null) yield* streamChunks(response.body);
  }

  #windowAt(position: number, length: number): Window {
    const known = this.#windows.find(({ start, end }) => start <= position && position < end);
    const window = known ?? this.#fetch(position, length);
    this.#windows = [...this.#windows.filter((each) => each !== window), window].slice(-KEPT_WINDOWS);
    return window;
  }

  #fetch(position: number, length: number): Window {
    const before = this.#windows.find(({ end }) => end === position);
    const ahead = before === undefined ? LEAST_WINDOW : 2 * (before.end - before.start);
    const wanted = Math.min(MOST_WINDOW, Math.max(length, ahead));
    const stretch = { start: position, end: Math.min(this.size, position + wanted) };
    const bytes = this.#fetchRange(stretch);
    const window = { ...stretch, bytes };
    // One that failed is asked for anew.
    bytes.catch(() => {
      this.#windows = this.#windows.filter((each) => each !== window);
    });
    return window;
  }

  async #fetchRange(stretch: Stretch): Promise<Uint8Array> {
    const response = await request(this.#url, stretch);
    this.#requireSame(response);
    const bytes = new Uint8Array(await explained(this.#url, response.arrayBuffer()));
    if (response.status === 206 && bytes.length === stretch.end - stretch.start) return bytes;
    throw new DataError('the server sends another part than asked for', {
      file: this.#url,
      offset: stretch.start,
    });
  }

  #requireSame(response: Response): void {
    const size = sizeIn(response);
    if (validatorOf(response) === this.#validator && (size === undefined || size === this.size)) return;
    throw new DataError('has changed on the server while it was read; open it again', { file: this.#url });
  }
}

const EMPTY: ByteStore = { size: 0, readInto: async () => 0, async close() {} };

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Attempts at a request, and the wait in ms before the second; it doubles. */
const ATTEMPTS = 4;
const WAIT_MS = 250;

async function request(url: string, range?: Stretch): Promise<Response> {
  const headers = {
    // Places are those of the file only where it is sent as it is. A browser does as it likes.
    'Accept-Encoding': 'identity',
    ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await explained(url, fetch(url, { headers }));
      if ((response.ok || response.status === 416) && !isPage(response)) return response;
      await discardBody(response);
      throw refusal(url, response);
    } catch (error) {
      if (error instanceof NotThereError || attempt === ATTEMPTS) throw error;
      if (error instanceof RefusedError) throw error;
    }
    await wait(WAIT_MS * 2 ** (attempt - 1));
  }
}

/** The server does not give it, whoever asks how often. */
class RefusedError extends DataError {
  override readonly name = 'RefusedError';
}

/** What some servers send for all that they do not have. */
function isPage({ headers }: Response): boolean {
  return /^text\/html\b/.test(headers.get('content-type') ?? '');
}

function refusal(file: string, { status, ok }: Response): DataError {
  if (ok)
    return new NotThereError('is a web page, not the file; get the address of the file itself', { file });
  if (status === 404 || status === 410) return new NotThereError('there is no such file', { file });
  const reason = `the server answers ${status}`;
  const isPassing = status === 408 || status === 429 || status >= 500;
  return isPassing
    ? new DataError(`${reason}; try again later`, { file })
    : new RefusedError(reason, { file });
}

async function fetchWhole(url: string, unused?: Response): Promise<Response> {
  await discardBody(unused);
  return request(url);
}

/** Of a file of which a part has come; undefined where the server does not say, or packs what it sends. */
async function wholeSize(url: string, part: Response): Promise<number | undefined> {
  if ((part.headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined;
  const size = sizeIn(part);
  if (size !== undefined) return size;
  // Another origin may let us see how long what it sends is, and not of what that is a part.
  const whole = await fetch(url, { method: 'HEAD' }).catch(() => undefined);
  const length = whole?.ok ? Number(whole.headers.get('content-length') ?? Number.NaN) : Number.NaN;
  return Number.isSafeInteger(length) ? length : undefined;
}

function sizeIn({ headers }: Response): number | undefined {
  const size = /^bytes \d+-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}

function validatorOf({ headers }: Response): string | null {
  return headers.get('etag') ?? headers.get('last-modified');
}

async function explained<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = (cause as Error | undefined)?.message || message;
    throw new DataError(`cannot be fetched (${reason})`, { file }, { cause: error });
  }
}
