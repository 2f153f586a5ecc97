import { DataError } from '../../base/errors.ts';

/** The error to throw where something cannot be read: says which file, and why. */
export function explainReadFailure(file: string, cause: NodeJS.ErrnoException): DataError {
  return new DataError(reasonOf(cause), { file }, { cause });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EISDIR':
      return 'is a directory; name a file in it';
    case 'EACCES':
    case 'EPERM':
      return `there is no permission to read it (${code})`;
    default:
      return `cannot be read (${message || code})`;
  }
}
