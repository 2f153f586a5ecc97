import { TsosError, UsageError } from '../../base/errors.ts';
import { explainReadFailure } from './read-failure.ts';

/** The error to throw for a failed write: says which file, why, and what to do. */
export function explainWriteFailure(path: string, cause: NodeJS.ErrnoException): TsosError {
  switch (codeOf(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new TsosError(`${path}: the disk is full; free some space or write to another one`, { cause });
    case 'EFBIG':
      return new TsosError(`${path}: is larger than this file system, or "ulimit -f", allows`, { cause });
    case 'ENOENT':
    case 'ENOTDIR':
      return new UsageError(`${path}: the directory does not exist; make it first`, { cause });
    case 'EROFS':
      return new UsageError(`${path}: the disk can only be read; choose another place`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new UsageError(`${path}: no permission to write there; choose another place`, { cause });
    case 'EISDIR':
      return new UsageError(`${path}: is a directory; give a file name`, { cause });
    case 'ENOTEMPTY':
    case 'EEXIST':
      return new UsageError(`${path}: exists already; remove it or choose another name`, { cause });
    case 'ENAMETOOLONG':
      return new UsageError(`${path}: the name is too long; choose a shorter one`, { cause });
    case 'EPIPE':
      return new TsosError(`${path}: nobody reads it any more`, { cause });
    default:
      return new TsosError(`${path}: cannot be written (${cause.message})`, { cause });
  }
}

/** Numbers that Deno leaves without their names. */
const NUMBERED: Readonly<Record<string, string>> = { 27: 'EFBIG', 122: 'EDQUOT' };

function codeOf({ code, message }: NodeJS.ErrnoException): string | undefined {
  return code ?? NUMBERED[/\(os error (\d+)\)/.exec(message)?.[1] ?? ''];
}

/** Waits for a write, and tells a failure of it by `path`. */
export async function explained<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof TsosError ? error : explainWriteFailure(path, error as NodeJS.ErrnoException);
  }
}

/** Calls of the system that change nothing: where one fails, something cannot be read. */
const READING = [
  'access',
  'fstat',
  'lstat',
  'open',
  'opendir',
  'read',
  'readlink',
  'realpath',
  'scandir',
  'stat',
];

/** The error to tell for one of the system's that nobody expected; undefined for other errors. */
export function explainSystemError(error: unknown): TsosError | undefined {
  const { code, syscall, path = 'a file' } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || syscall === undefined) return undefined;
  if (!READING.includes(syscall) || code === 'EROFS') return explainWriteFailure(path, error);
  return explainReadFailure(path, error);
}
