import type { ByteSource } from '../bytes/byte-source.ts';
import type { Inflate } from '../bytes/inflate.ts';

/** How a runtime unpacks an archive whose members cannot be read where they lie. */
export interface Unpacking {
  readonly inflate: Inflate;
  /** @param limit the most bytes that may be put in; blocks of zeros do not count. */
  openSpool(limit: number): Spool;
}

/** A place to put unpacked files until it is closed. */
export interface Spool {
  /** Takes in a file. @throws {SpoolFull} beyond the limit. */
  add(pieces: AsyncIterable<Uint8Array>): Promise<MemberOpener>;
  /** Removes all files. */
  close(): Promise<void>;
}

/** More was to be unpacked than the spool may hold. */
export class SpoolFull extends Error {}

/** Opens one file of an archive; `label` is what errors are to call it. */
export type MemberOpener = (label: string) => Promise<ByteSource>;
