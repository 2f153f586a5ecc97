import { DataError } from '../../base/errors.ts';
import { placed, quoted } from '../bytes/place.ts';
import { parsePax } from './pax.ts';
import { decimal, MapLines, mapOfRecord, type SparseMap, sparseMap } from './sparse.ts';

const BLOCK = 512;
/** Longest body read whole: long names and pax records. Sparse maps may have megabytes, all others a few kilobytes. */
const MAX_META_BYTES = 2 ** 24;

/** A regular file of a tar archive. */
export interface TarMember {
  /** Path in the archive, without leading `../` and `/`. */
  readonly name: string;
  /** Bytes of the file as stored. */
  readonly size: number;
  /** Where they begin in the (uncompressed) archive. */
  readonly offset: number;
  /** `hardlink`: has the content of the earlier member `target`. */
  readonly kind: 'file' | 'hardlink';
  readonly target: string;
  /** Where the stored bytes belong, for a file stored without its holes. */
  readonly sparse: SparseMap | undefined;
}

/** The bytes of an archive in order; `position` counts from its beginning. */
export interface TarInput {
  readonly file: string;
  readonly position: number;
  /** The next bytes, fewer only at the end. */
  read(length: number): Promise<Uint8Array>;
  /** Goes forward to `position`, or to the end if that comes first. */
  skipTo(position: number): Promise<void>;
}

interface Header {
  readonly name: string;
  readonly link: string;
  readonly size: number;
  readonly type: string;
  /** The whole block: GNU's own sparse files have their map in it. */
  readonly block: Uint8Array;
}

/**
 * The regular files of a tar archive (v7, ustar, GNU and pax), in order; other members are passed over. Bodies
 * are skipped, so a large archive takes some hundred short reads; a consumer may read the body of a member
 * before it asks for the next. Damage and truncation are DataErrors that name the member.
 */
export async function* tarMembers(input: TarInput): AsyncGenerator<TarMember> {
  let globals: ReadonlyMap<string, string> = new Map();
  for (;;) {
    let records = globals;
    let header = await readHeader(input);
    let longName: string | undefined;
    let longLink: string | undefined;
    while (header !== undefined && 'LKxg'.includes(header.type)) {
      const body = await readMeta(input, header);
      if (header.type === 'L') longName = textOf(body);
      else if (header.type === 'K') longLink = textOf(body);
      else if (header.type === 'g') records = globals = parsePax(body, globals, input.file);
      else records = parsePax(body, records, input.file);
      header = await readHeader(input);
    }
    if (header === undefined) return;

    const name = records.get('GNU.sparse.name') ?? records.get('path') ?? longName ?? header.name;
    const kind = memberKind(header.type, name);
    const extension = header.type === 'S' ? await readGnuMap(input, header.block) : [];
    const stored = paxSize(records.get('size'), input) ?? header.size;
    const bodyBytes = header.type === '1' || header.type === '2' ? 0 : stored;
    const body = { name, start: input.position, end: input.position + bodyBytes };
    if (kind !== undefined) {
      const sparse =
        header.type === 'S'
          ? gnuSparse(input, header.block, extension, body)
          : await paxSparse(input, records, body);
      const target = normalName(records.get('linkpath') ?? longLink ?? header.link);
      const offset = input.position;
      yield { name: normalName(name), size: body.end - offset, offset, kind, target, sparse };
    }
    await input.skipTo(body.end);
    if (input.position < body.end) throw truncated(input, name, bodyBytes, input.position - body.start);
    await input.skipTo(body.start + Math.ceil(bodyBytes / BLOCK) * BLOCK);
  }
}

/** Whether these first bytes of a file are a tar header. */
export function looksLikeTar(head: Uint8Array): boolean {
  return head.length >= BLOCK && checksumFits(head.subarray(0, BLOCK));
}

/** undefined at the end: two zero blocks, or the end of the file between members. */
async function readHeader(input: TarInput): Promise<Header | undefined> {
  const offset = input.position;
  const block = await input.read(BLOCK);
  if (block.length === 0 || block.every((byte) => byte === 0)) return undefined;
  if (block.length < BLOCK) {
    throw new DataError('the archive ends within a member header; get it again', {
      file: input.file,
      offset,
    });
  }
  if (!checksumFits(block)) {
    throw new DataError('the checksum of this member header does not fit: the archive is damaged', {
      file: input.file,
      offset,
    });
  }
  const isUstar = textOf(block.subarray(257, 265)) === 'ustar' && block[263] === 0x30;
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: textOf(block.subarray(157, 257)),
    size: sizeField(block.subarray(124, 136), input.file, offset),
    type,
    block,
  };
}

/** The sum of all bytes with the checksum field as blanks; some old writers summed signed bytes. */
function checksumFits(block: Uint8Array): boolean {
  const stored = Number.parseInt(textOf(block.subarray(148, 156)).trim(), 8);
  let unsigned = 0;
  let signed = 0;
  block.forEach((byte, at) => {
    const counted = at >= 148 && at < 156 ? 0x20 : byte;
    unsigned += counted;
    signed += (counted << 24) >> 24;
  });
  return stored === unsigned || stored === signed;
}

/** Octal digits, or for large files GNU's big-endian binary, marked by the top bit. */
function sizeField(field: Uint8Array, file: string, offset: number): number {
  const value =
    field[0] & 0x80
      ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, field[0] & 0x7f)
      : parseDigits(textOf(field).trim() || '0', 8);
  if (!Number.isSafeInteger(value)) {
    throw new DataError('the size in this member header is no number: the archive is damaged', {
      file,
      offset,
    });
  }
  return value;
}

function paxSize(text: string | undefined, input: TarInput): number | undefined {
  if (text === undefined) return undefined;
  const size = parseDigits(text, 10);
  if (Number.isSafeInteger(size)) return size;
  throw new DataError(`the pax size "${text}" is no number`, { file: input.file, offset: input.position });
}

function parseDigits(text: string, radix: 8 | 10): number {
  return (radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(text) ? Number.parseInt(text, radix) : Number.NaN;
}

async function readMeta(input: TarInput, header: Header): Promise<Uint8Array> {
  const offset = input.position;
  if (header.size > MAX_META_BYTES) {
    throw new DataError(`a long name or pax record has ${header.size} bytes: the archive is damaged`, {
      file: input.file,
      offset,
    });
  }
  const body = await input.read(header.size);
  if (body.length < header.size) throw truncated(input, header.name, header.size, body.length);
  await input.skipTo(offset + Math.ceil(header.size / BLOCK) * BLOCK);
  return body;
}

/** Where the data of a member lie in the archive, the map of a pax 1.0 member among them. */
interface Body {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Places and lengths of GNU's own sparse files: four in the header, the others in blocks behind it. */
async function readGnuMap(input: TarInput, header: Uint8Array): Promise<number[]> {
  const numbers = gnuPlaces(header.subarray(386, 482), input);
  for (let more = header[482] !== 0; more; ) {
    const block = await input.read(BLOCK);
    if (block.length < BLOCK) throw truncated(input, 'sparse map', BLOCK, block.length);
    numbers.push(...gnuPlaces(block.subarray(0, 504), input));
    more = block[504] !== 0;
  }
  return numbers;
}

/** Two fields of 12 bytes a stretch; the first empty one ends the list. */
function gnuPlaces(fields: Uint8Array, { file, position }: TarInput): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < fields.length && fields[at] !== 0; at += 12) {
    numbers.push(sizeField(fields.subarray(at, at + 12), file, position));
  }
  return numbers;
}

function gnuSparse(
  { file, position }: TarInput,
  header: Uint8Array,
  numbers: readonly number[],
  { name, start, end }: Body,
): SparseMap {
  const size = sizeField(header.subarray(483, 495), file, position);
  return placed({ file, offset: start }, quoted(name), () => sparseMap(size, numbers, end - start));
}

/** The map of a sparse file of the pax formats, which 1.0 keeps before the data; undefined for any other file. */
async function paxSparse(
  input: TarInput,
  records: ReadonlyMap<string, string>,
  { name, start, end }: Body,
): Promise<SparseMap | undefined> {
  const isInBody = records.get('GNU.sparse.major') === '1';
  const size = records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size');
  const map = records.get('GNU.sparse.map');
  const where = { file: input.file, offset: start };
  if (size === undefined || (map === undefined && !isInBody)) {
    if (![...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) return undefined;
    throw new DataError(
      `${quoted(name)} is stored as a sparse file of an unknown form; unpack the archive and give the directory`,
      where,
    );
  }
  const lines = new MapLines();
  for (let whole = !isInBody; !whole; ) {
    const block = await input.read(Math.min(BLOCK, end - input.position));
    if (block.length < BLOCK) throw truncated(input, name, end - start, input.position - start);
    whole = placed(where, quoted(name), () => lines.add(block));
  }
  const numbers = isInBody ? lines.numbers : mapOfRecord(map!);
  return placed(where, quoted(name), () => sparseMap(decimal(size), numbers, end - input.position));
}

function memberKind(type: string, name: string): TarMember['kind'] | undefined {
  if (type === '1') return 'hardlink';
  return '07S'.includes(type) && !name.endsWith('/') ? 'file' : undefined;
}

function normalName(name: string): string {
  return name.replace(/^(\.?\/)+/, '');
}

function truncated(input: TarInput, name: string, expected: number, present: number): DataError {
  return new DataError(
    `the archive is cut short in ${JSON.stringify(name)}: ${expected} bytes are expected, ${present} are there; get it again`,
    { file: input.file, offset: input.position },
  );
}

/** A field up to its first NUL. */
function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
