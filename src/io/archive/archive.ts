import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../base/errors.ts';
import { ByteSource } from '../bytes/byte-source.ts';
import { writeAt } from '../files/atomic-file.ts';
import { ArchiveTree, type MemberOpener } from './file-tree.ts';
import { SourceInput } from './source-input.ts';
import { StreamInput } from './stream-input.ts';
import { type TarMember, tarMembers } from './tar.ts';

/** Opens a tar in place: its headers are scanned once, bodies are read where they lie when asked for. */
export async function openTar(path: string): Promise<ArchiveTree> {
  const source = await ByteSource.open(path);
  try {
    const members = new Map<string, MemberOpener>();
    for await (const member of tarMembers(new SourceInput(source))) {
      addMember(members, member, async (label) => source.region(member.offset, member.size, label));
    }
    return new ArchiveTree(path, members, () => source.close());
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * Unpacks the members of a gzipped tar that `isWanted` accepts to a temporary directory, in one pass; closing the
 * tree removes it, and so does the end of the process.
 */
export async function openGzippedTar(
  path: string,
  isWanted: (name: string) => boolean,
): Promise<ArchiveTree> {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-'));
  const removeNow = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeNow);
  const close = async () => {
    await rm(directory, { recursive: true, force: true });
    process.off('exit', removeNow);
  };
  try {
    return new ArchiveTree(path, await spoolMembers(path, directory, isWanted), close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function spoolMembers(
  path: string,
  directory: string,
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
      const spooled = join(directory, randomBytes(8).toString('hex'));
      if (member.kind === 'file') await spoolBody(input, member, spooled);
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

async function spoolBody(input: StreamInput, member: TarMember, spooled: string): Promise<void> {
  const file = await open(spooled, 'wx');
  try {
    for await (const chunk of input.body(member.size)) {
      await writeAt(file, input.position - chunk.length - member.offset, chunk, spooled);
    }
  } finally {
    await file.close();
  }
}

/** A later member of the same name replaces an earlier one; a hard link stands for the member it names. */
function addMember(members: Map<string, MemberOpener>, member: TarMember, opener: MemberOpener): void {
  if (member.kind === 'file') members.set(member.name, opener);
  else if (member.kind === 'sparse') members.set(member.name, refuseSparse);
  else if (members.has(member.target)) members.set(member.name, members.get(member.target)!);
}

async function refuseSparse(label: string): Promise<never> {
  throw new DataError(
    'is stored as a sparse file in the archive; unpack the archive and give the directory',
    {
      file: label,
    },
  );
}
