import { TsosError } from '../../base/errors.ts';
import type { RemoteFile } from '../files/part-file.ts';

/** A download failed in a way that may pass. */
export class TransientError extends Error {
  /** How long the server wants to be left alone, in ms. */
  readonly retryAfter: number;
  /** What has come so far is not to be gone on with. */
  readonly mustRestart: boolean;

  constructor(
    message: string,
    options: { retryAfter?: number; mustRestart?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfter = options.retryAfter ?? 0;
    this.mustRestart = options.mustRestart ?? false;
  }
}

/** What the body of a response is: the whole file, the rest of it, or nothing, since all has come. */
export type Answer =
  | { readonly kind: 'whole'; readonly remote: RemoteFile }
  | { readonly kind: 'rest' }
  | { readonly kind: 'complete' };

/** Headers that ask for a file from `length` on, or for all of it where it has changed. */
export function rangeRequest(length: number, { validator }: RemoteFile): Record<string, string> {
  // Lengths and offsets are those of the file only where it is sent as it is.
  const plain = { 'Accept-Encoding': 'identity' };
  return length > 0 && validator !== undefined
    ? { ...plain, Range: `bytes=${length}-`, 'If-Range': validator }
    : plain;
}

/**
 * Reads the status and headers of the response to {@link rangeRequest}.
 * @throws {TransientError} where asking again may help, {TsosError} where it will not.
 */
export function readAnswer(url: string, response: Response, length: number, known: RemoteFile): Answer {
  const { status, headers } = response;
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (status === 200 && encoding === 'identity') return { kind: 'whole', remote: remoteFile(headers) };
  if (status === 206 && encoding === 'identity') {
    assertContinues(headers, length, known);
    return { kind: 'rest' };
  }
  if (status === 416 && length > 0) {
    const size = /^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
    if (Number(size) === length) return { kind: 'complete' };
    throw new TransientError('the file has become shorter', { mustRestart: true });
  }
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfter = waitAsked(headers.get('retry-after'));
    throw new TransientError(`the server answers ${status}`, { retryAfter });
  }
  throw new TsosError(`${url}: ${explainRefusal(status, encoding)}`);
}

/** In ms: the header has seconds or a date. */
function waitAsked(header: string | null): number {
  if (header === null) return 0;
  const wait = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return wait > 0 ? wait : 0;
}

/** What has come, by its ETag or date, must be the beginning of what comes now. */
function assertContinues(headers: Headers, length: number, known: RemoteFile): void {
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (Number(from) !== length) {
    throw new TransientError('the server sends another part than asked for', { mustRestart: true });
  }
  const { validator = known.validator, md5 = known.md5, crc32c = known.crc32c } = remoteFile(headers);
  const sameSize = size === '*' || known.size === undefined || Number(size) === known.size;
  const sameHashes = md5 === known.md5 && crc32c === known.crc32c;
  if (validator !== known.validator || !sameSize || !sameHashes) {
    throw new TransientError('the file has changed', { mustRestart: true });
  }
}

function remoteFile(headers: Headers): RemoteFile {
  const length = headers.get('content-length');
  const etag = headers.get('etag');
  // Weak tags promise equal meaning, not equal bytes.
  const validator = etag !== null && !etag.startsWith('W/') ? etag : headers.get('last-modified');
  const hashes = headers.get('x-goog-hash') ?? '';
  const md5 = hashOf(hashes, 'md5', 22);
  const crc = hashOf(hashes, 'crc32c', 6);
  return {
    // A length that is none is not believed.
    ...(length === null || !/^\d+$/.test(length) ? {} : { size: Number(length) }),
    ...(validator === null ? {} : { validator }),
    ...(md5 === undefined ? {} : { md5 }),
    ...(crc === undefined ? {} : { crc32c: Number.parseInt(crc, 16) }),
  };
}

/**
 * From `crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==`, in hexadecimal.
 * @param digits of base64 that such a hash has
 */
function hashOf(header: string, kind: string, digits: number): string | undefined {
  const pattern = new RegExp(String.raw`(?:^|[\s,])${kind}=([A-Za-z0-9+/]{${digits}}==)(?:$|[\s,])`);
  const base64 = pattern.exec(header)?.[1];
  if (base64 === undefined) return undefined;
  return Array.from(atob(base64), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

function explainRefusal(status: number, encoding: string): string {
  switch (status) {
    case 200:
    case 206:
      return `comes ${encoding}-encoded, which cannot be resumed; use a server that sends files as they are`;
    case 401:
    case 403:
      return `the server refuses it (${status}); if it is no longer public, name a mirror with --from`;
    case 404:
    case 410:
      return `there is no such file there (${status}); if it has moved, name its new place with --from`;
    default:
      return `the server answers ${status}`;
  }
}
