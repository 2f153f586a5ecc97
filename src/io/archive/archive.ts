import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../base/errors.ts';
import { ByteSource } from '../bytes/byte-source.ts';
import { mostUnpacked } from '../bytes/gzip.ts';
import { ArchiveTree, type MemberOpener } from './file-tree.ts';
import { SourceInput } from './source-input.ts';
import { SpoolFolder, SpoolFull } from './spool-folder.ts';
import { StreamInput } from './stream-input.ts';
import { type TarMember, tarMembers } from './tar.ts';

/** Opens a tar in place: its headers are scanned once, bodies are read where they lie when asked for. */
export async function openTar(path: string): Promise<ArchiveTree> {
  const source = await ByteSource.open(path);
  const spool = new SpoolFolder();
  const close = async () => {
    await source.close();
    await spool.remove();
  };
  try {
    const members = new Map<string, MemberOpener>();
    for await (const member of tarMembers(new SourceInput(source))) {
      const { offset, size, sparse } = member;
      addMember(members, member, async (label) => {
        const stored = source.region(offset, size, label);
        if (sparse === undefined) return stored;
        return ByteSource.open(await spool.add(piecesOf(new SourceInput(stored), size), size, sparse), label);
      });
    }
    return new ArchiveTree(path, members, close);
  } catch (error) {
    await close();
    throw error;
  }
}

export interface UnpackOptions {
  /** Which members are wanted, by their names. */
  readonly isWanted: (name: string) => boolean;
  /** Bytes they may fill of the disk, holes and blocks of zeros not counted. Default: see `mostUnpacked`. */
  readonly maxUnpackedBytes?: number | undefined;
}

/**
 * Unpacks the wanted members of a gzipped tar to a temporary directory, in one pass; closing the tree removes it, and so
 * does the end of the process.
 */
export async function openGzippedTar(path: string, options: UnpackOptions): Promise<ArchiveTree> {
  const { size: packedBytes } = await stat(path);
  const limit = options.maxUnpackedBytes ?? mostUnpacked(packedBytes);
  const spool = new SpoolFolder(limit);
  try {
    const members = await spoolMembers(path, spool, options.isWanted);
    return new ArchiveTree(path, members, () => spool.remove());
  } catch (error) {
    await spool.remove();
    if (!(error instanceof SpoolFull)) throw error;
    throw new DataError(
      `its ${packedBytes} bytes unpack to more than ${limit}, as no checkpoint does; if it is right, unpack it and give ` +
        'the directory',
      { file: path },
    );
  }
}

async function spoolMembers(
  path: string,
  spool: SpoolFolder,
  isWanted: (name: string) => boolean,
): Promise<Map<string, MemberOpener>> {
  const members = new Map<string, MemberOpener>();
  const packed = createReadStream(path, { highWaterMark: 2 ** 18 });
  const unpacked = createGunzip({ chunkSize: 2 ** 18 });
  packed.on('error', (error) => unpacked.destroy(error));
  const input = new StreamInput(path, packed.pipe(unpacked));
  try {
    for await (const member of tarMembers(input)) {
      if (!isWanted(member.name)) continue;
      const { kind, size, sparse } = member;
      const spooled = kind === 'file' ? await spool.add(input.body(size), size, sparse) : '';
      addMember(members, member, (label) => ByteSource.open(spooled, label));
    }
    // What follows the end mark is read too, so that the checksum of the last gzip member is verified.
    await input.skipTo(Number.POSITIVE_INFINITY);
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
  return members;
}

/** A later member of the same name replaces an earlier one; a hard link stands for the member it names. */
function addMember(members: Map<string, MemberOpener>, member: TarMember, opener: MemberOpener): void {
  if (member.kind === 'file') members.set(member.name, opener);
  else if (members.has(member.target)) members.set(member.name, members.get(member.target)!);
}

const PIECE_BYTES = 2 ** 18;

async function* piecesOf(input: SourceInput, size: number): AsyncGenerator<Uint8Array> {
  while (input.position < size) yield input.read(Math.min(PIECE_BYTES, size - input.position));
}
