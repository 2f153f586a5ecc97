import { DataError } from '../../base/errors.ts';

/** From a record on nothing of a file can be read, so that whatever records follow are lost with it. */
export class LostRestError extends DataError {
  override readonly name = 'LostRestError';
  /** From the record to the end of the file; null where that cannot be told, the file being packed. */
  readonly lostBytes: number | null;

  constructor(
    reason: string,
    where: { readonly file: string; readonly offset: number; readonly size: number | undefined },
    options?: ErrorOptions,
  ) {
    const lostBytes = where.size === undefined ? null : where.size - where.offset;
    const lost =
      lostBytes === null
        ? 'all that follows in the file is lost'
        : `the ${lostBytes} bytes from here to the end of the file are lost`;
    super(`${reason}: ${lost}`, where, options);
    this.lostBytes = lostBytes;
  }
}
