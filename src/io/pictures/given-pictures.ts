import { blobSource } from '../bytes/blob-source.ts';
import { memorySource } from '../bytes/memory-source.ts';
import { type FoundFile, type FoundFiles, foundFile } from './picture-kinds.ts';

/** A JPEG or TFRecord file that is at hand. */
export type GivenPicture = Blob | Uint8Array | ArrayBuffer;

/** @param at its place among what is given, which names what has no name of its own */
export async function findGiven(given: GivenPicture, at: number): Promise<FoundFiles> {
  return foundFile(givenFile(given, at));
}

function givenFile(given: GivenPicture, at: number): FoundFile {
  if (given instanceof Blob) {
    const { name = `picture ${at}` } = given as Partial<File>;
    return { name, path: name, open: async () => blobSource(name, given) };
  }
  const name = `picture ${at}`;
  const bytes = given instanceof Uint8Array ? given : new Uint8Array(given);
  return { name, path: name, open: async () => memorySource(name, bytes) };
}
