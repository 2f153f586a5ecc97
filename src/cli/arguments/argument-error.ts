import { UsageError } from '../../base/errors.ts';

/** An argument of the command line that cannot be, alone or beside others; the help of the command is pointed to. */
export class ArgumentError extends UsageError {
  override readonly name = 'ArgumentError';
}
