import { DataError, UsageError } from '../../base/errors.ts';
import { SourceInput } from '../archive/source-input.ts';
import { StreamInput } from '../archive/stream-input.ts';
import type { TarInput } from '../archive/tar.ts';
import { ByteCursor } from '../bytes/byte-cursor.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { crc32c, maskCrc } from '../bytes/crc32c.ts';
import { type Inflate, isGzip, isZlib } from '../bytes/inflate.ts';
import { unreadArchive } from '../bytes/unread-archives.ts';
import { LostRestError } from './lost-rest-error.ts';

/** One record of a TFRecord file. */
export interface TfRecord {
  /** Its place in the file, from 0. */
  readonly index: number;
  /** Where it begins, in bytes of the unpacked file. */
  readonly offset: number;
  /**
   * Its data, in memory of their own. To be called once, and before the next record is asked for; a record that is not read
   * is passed over without its data being checked.
   * @throws {DataError} naming the file, the offset and the record, where it is damaged.
   */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** How records are read. */
export interface TfRecordOptions {
  /** A record that says it is longer is refused, and passed over. Default 1 GiB. */
  readonly maxRecordBytes?: number;
}

/**
 * The records of a TFRecord file, in order: `uint64 length | masked CRC-32C of it | data | masked CRC-32C of them`. The file
 * may be plain, gzip (of several members too) or zlib, which its bytes tell and not its name. Memory is bounded by one record.
 *
 * Damage is reported by `read` of the record it is in. A wrong data checksum costs that record; after a wrong length
 * checksum, a truncated record or a damaged compressed stream nothing more can be read, and that record is the last. As
 * TensorFlow does, 1 to 11 stray bytes at the end, too few for the header of a record, count as the end of the file.
 *
 * @throws {DataError} where there is no such file.
 */
export async function* readRecords(
  file: ByteFile,
  inflate: Inflate,
  options: TfRecordOptions = {},
): AsyncGenerator<TfRecord> {
  const { maxRecordBytes = 2 ** 30 } = options;
  const input = await openInput(file, inflate);
  try {
    for (let index = 0; ; index++) {
      const place = new RecordPlace(input, index);
      const header = await readHeader(input, place);
      if (header === undefined) return;
      if (header instanceof DataError) {
        yield place.damaged(header);
        return;
      }
      yield header.length > maxRecordBytes
        ? place.damaged(
            place.error(`it has ${header.length} bytes, more than the ${maxRecordBytes} that are allowed`),
          )
        : place.record(() => readData(input.bytes, header.length, place));
      if (!(await passOver(input.bytes, place.dataOffset + header.length + CRC_BYTES))) return;
    }
  } finally {
    await input.close();
  }
}

/**
 * One record of a plain file, by what `readRecords` told of it.
 * @throws {DataError} naming the file, the offset and the record, where it is damaged.
 */
export async function readRecordAt(
  file: ByteFile,
  index: number,
  offset: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = await file.open();
  try {
    const bytes = new SourceInput(source);
    await bytes.skipTo(offset);
    const input = { bytes, size: source.size, close: async () => {} };
    const place = new RecordPlace(input, index);
    const header = await readHeader(input, place);
    if (header === undefined) throw place.error('the file became shorter while it was read');
    if (header instanceof DataError) throw header;
    return await readData(bytes, header.length, place);
  } finally {
    await source.close();
  }
}

/** Whether a TFRecord file is compressed. */
export async function isPacked(file: ByteFile): Promise<boolean> {
  const source = await file.open();
  try {
    return packedFormat(await source.read(0, Math.min(HEADER_BYTES, source.size))) !== undefined;
  } finally {
    await source.close();
  }
}

const CRC_BYTES = 4;
const HEADER_BYTES = 8 + CRC_BYTES;

/** Where in which file a record is. */
class RecordPlace {
  readonly file: string;
  readonly index: number;
  readonly offset: number;
  /** Of the file, unpacked. */
  readonly #size: number | undefined;

  constructor({ bytes, size }: RecordInput, index: number) {
    this.file = bytes.file;
    this.index = index;
    this.offset = bytes.position;
    this.#size = size;
  }

  get dataOffset(): number {
    return this.offset + HEADER_BYTES;
  }

  error(reason: string, cause?: unknown): DataError {
    const { file, offset } = this;
    return new DataError(`record ${this.index}: ${reason}`, { file, offset }, { cause });
  }

  /** Where the record does not tell where the next one begins. */
  lostRest(reason: string, cause?: unknown): LostRestError {
    const { file, offset } = this;
    return new LostRestError(
      `record ${this.index}: ${reason}`,
      { file, offset, size: this.#size },
      { cause },
    );
  }

  record(read: TfRecord['read']): TfRecord {
    return { index: this.index, offset: this.offset, read };
  }

  damaged(error: DataError): TfRecord {
    return this.record(async () => {
      throw error;
    });
  }
}

/** A file to read records from. */
interface RecordInput {
  /** What it holds, unpacked. */
  readonly bytes: TarInput;
  /** How many bytes that are; unknown where the file is packed. */
  readonly size: number | undefined;
  close(): Promise<void>;
}

async function openInput(file: ByteFile, inflate: Inflate): Promise<RecordInput> {
  const source = await file.open();
  try {
    const head = await source.read(0, Math.min(HEADER_BYTES, source.size));
    const format = packedFormat(head);
    if (format === undefined) {
      return { bytes: new SourceInput(source), size: source.size, close: () => source.close() };
    }
    const unpacked = new StreamInput(`${file.name} (unpacked)`, inflate(source.stream(), format));
    return {
      bytes: unpacked,
      size: undefined,
      async close() {
        await unpacked.close();
        await source.close();
      },
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** How a file that begins like this is packed; undefined for a plain one, and for one that is nothing known. */
function packedFormat(head: Uint8Array): 'gzip' | 'zlib' | undefined {
  if (head.length === HEADER_BYTES && lengthChecksumFits(head)) return undefined;
  if (isGzip(head)) return 'gzip';
  return isZlib(head) ? 'zlib' : undefined;
}

/** undefined at the end of the file; an error where the length of the record cannot be told or the file is too short for it. */
async function readHeader(
  { bytes, size }: RecordInput,
  place: RecordPlace,
): Promise<{ length: number } | DataError | undefined> {
  const header = await readAt(bytes, HEADER_BYTES, place);
  if (header instanceof DataError) return header;
  if (header.length < HEADER_BYTES) return undefined;
  if (!lengthChecksumFits(header)) {
    const unread = place.index === 0 ? unreadArchive(header) : undefined;
    if (unread !== undefined) return new DataError(unread, { file: place.file });
    const hint = place.index === 0 ? ' (is it a TFRecord file?)' : '';
    return place.lostRest(`the checksum of its length does not fit${hint}`);
  }
  const cursor = new ByteCursor(header);
  const length = cursor.fixed32() + cursor.fixed32() * 2 ** 32;
  const present = size === undefined ? Number.POSITIVE_INFINITY : size - place.dataOffset;
  return length + CRC_BYTES > present ? truncated(place, length, present) : { length };
}

async function readData(
  bytes: TarInput,
  length: number,
  place: RecordPlace,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.position !== place.dataOffset) {
    throw new UsageError('a record can be read once, before the next one is asked for');
  }
  const body = await readAt(bytes, length + CRC_BYTES, place);
  if (body instanceof DataError) throw body;
  if (body.length < length + CRC_BYTES) throw truncated(place, length, body.length);
  const data = body.subarray(0, length);
  if (maskCrc(crc32c(data)) !== new ByteCursor(body, length).fixed32()) {
    throw place.error('the checksum of its data does not fit: the record is damaged');
  }
  return data;
}

/** Fewer bytes than asked for only at the end of the file; an error where it cannot be unpacked. */
async function readAt(
  bytes: TarInput,
  length: number,
  place: RecordPlace,
): Promise<Uint8Array<ArrayBuffer> | DataError> {
  try {
    return (await bytes.read(length)) as Uint8Array<ArrayBuffer>;
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    return place.lostRest(`the file cannot be read or unpacked further (${(cause as Error).message})`, error);
  }
}

/** Goes to the end of a record; false where the file ends or breaks before, which its reader is told. */
async function passOver(bytes: TarInput, end: number): Promise<boolean> {
  try {
    await bytes.skipTo(end);
    return bytes.position === end;
  } catch {
    return false;
  }
}

function truncated(place: RecordPlace, length: number, present: number): DataError {
  return place.lostRest(
    `it should have ${length} bytes and a checksum, of which ${present} bytes are there, so the file is cut short`,
  );
}

function lengthChecksumFits(header: Uint8Array): boolean {
  return maskCrc(crc32c(header.subarray(0, 8))) === new ByteCursor(header, 8).fixed32();
}
