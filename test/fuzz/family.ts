import type { Random } from '../support/random.ts';

/** What a reader is given: one file, or the files of a folder, by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Readers of one kind of file, with what they are fuzzed by. */
export interface Family {
  readonly name: string;
  /** Sound files, which damage is done to. Small ones, so that much damage is tried. */
  seeds(): Promise<readonly Files[]> | readonly Files[];
  /** Files with their checksums and lengths repaired, whose contents are damaged, so that the depths are reached. */
  repaired?(random: Random, seed: Files): Promise<Files> | Files;
  /**
   * Reads the files as far as they go. What is wrong with them must be thrown as a typed error; values must be those of the
   * sound files wherever checksums stand.
   * @param sound the files before they were damaged; undefined where their checksums were repaired.
   */
  read(files: Files, random: Random, sound: Files | undefined): Promise<unknown> | unknown;
}

/** One file that needs no name. */
export function single(bytes: Uint8Array, name = 'input'): Files {
  return new Map([[name, bytes]]);
}

/** The only one of several files. */
export function onlyOf(files: Files): Uint8Array {
  const [bytes] = files.values();
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
