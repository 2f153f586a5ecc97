import type { DataError } from '../../base/errors.ts';
import type { DecodeThreads } from './decode-threads.ts';

/** Pictures in a fixed order, to be decoded. */
export interface PictureSource {
  /** The files they are in, in that order. */
  readonly files: readonly string[];
  /** The file their labels come from, where they have one of their own. */
  readonly labels?: string;
  /** All of them. An entry is to be loaded, if at all, before the next one is asked for. */
  entries(): AsyncIterable<PictureEntry>;
  /** Threads to decode them in. Default: Web Workers, where the runtime has them. */
  readonly threads?: DecodeThreads;
}

/** Pictures that can be loaded in any order. */
export interface IndexedPictures extends PictureSource {
  /** Finds where they all are. @throws {UsageError} for files that are packed. */
  index(): Promise<PictureIndex>;
}

/** The pictures of a source by their number. */
export interface PictureIndex {
  /** How many there are. */
  readonly count: number;
  /** One of them, from 0; its `load` may be called at any time. */
  entry(number: number): PictureEntry;
}

/** A picture of a source, or a record that should have been one. */
export interface PictureEntry {
  /** The file it is in. */
  readonly file: string;
  /** Its place in that file, from 0. */
  readonly record: number;
  /** Reads it. @throws {DataError} naming the file, and in a file of several the record. */
  load(): Promise<EncodedPicture>;
  /** The error to report for a picture that was loaded but cannot be decoded. */
  error(reason: string): DataError;
}

/** A picture as it is stored. */
export interface EncodedPicture {
  /** Class, from 0; undefined where there are no labels. A stored label that is no class comes as it is. */
  readonly label: number | undefined;
  /** A JPEG. The memory it is in is given away when it is decoded. */
  readonly jpeg: Uint8Array;
}
