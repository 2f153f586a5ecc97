import { type AsyncFlateStreamHandler, Zip, type ZipInputFile } from 'fflate';
import { UsageError } from '../../base/errors.ts';
import { crc32 } from '../bytes/crc32.ts';

/** A file to put into an archive. */
export interface ZipMember {
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * A ZIP archive of files, uncompressed, piece by piece; a piece is valid until the next is asked for. Equal content gives
 * equal bytes.
 * @throws {UsageError} at once, where an archive cannot hold the files: the library writes none above 4 GiB.
 */
export function storedZip(members: readonly ZipMember[]): AsyncGenerator<Uint8Array> {
  requireRoom(members);
  return zipped(members);
}

/** Numbers of files, and places in the archive, have 16 and 32 bits. */
const MAX_FILES = 2 ** 16 - 1;
const MAX_BYTES = 2 ** 32 - 1;
const MAX_NAME_BYTES = 2 ** 16 - 1;
/** Headers of a file here and in the directory, with its checksum, but without its name. */
const HEADER_BYTES = 30 + 46 + 16;
const END_BYTES = 22;

function requireRoom(members: readonly ZipMember[]): void {
  let bytes = END_BYTES;
  for (const { name, size } of members) {
    const nameBytes = new TextEncoder().encode(name).length;
    if (nameBytes > MAX_NAME_BYTES) {
      throw new UsageError(`${name.slice(0, 80)}…: the name is too long for a ZIP archive`);
    }
    bytes += size + HEADER_BYTES + 2 * nameBytes;
  }
  if (members.length <= MAX_FILES && bytes <= MAX_BYTES) return;
  throw new UsageError(
    `${members.length} files of ${bytes} bytes are more than a ZIP archive holds (${MAX_FILES} files, 4 GiB); take safetensors`,
  );
}

async function* zipped(members: readonly ZipMember[]): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece);
  });
  const taken = () => pieces.splice(0);
  for (const { name, content } of members) {
    const file = new StoredFile(name);
    zip.add(file);
    for await (const piece of content) {
      file.push(piece, false);
      yield* taken();
    }
    file.push(NOTHING, true);
    yield* taken();
  }
  zip.end();
  yield* taken();
}

const NOTHING = new Uint8Array(0);
/** The first time there is. */
const MIDNIGHT = new Date(1980, 0, 1);

/** A file as it is; its checksum is taken by the quick way that this package has. */
class StoredFile implements ZipInputFile {
  readonly filename: string;
  readonly compression = 0;
  readonly mtime = MIDNIGHT;
  size = 0;
  crc = 0;
  /** Set by the archive that the file is added to. */
  ondata!: AsyncFlateStreamHandler;

  constructor(name: string) {
    this.filename = name;
  }

  push(piece: Uint8Array, isLast: boolean): void {
    this.crc = crc32(piece, this.crc);
    this.size += piece.length;
    this.ondata(null, piece as Uint8Array<ArrayBuffer>, isLast);
  }
}
