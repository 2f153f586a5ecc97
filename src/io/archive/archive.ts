import type { ByteSource } from '../bytes/byte-source.ts';
import { mostUnpacked } from '../bytes/most-unpacked.ts';
import { ArchiveTree } from './file-tree.ts';
import { SourceInput } from './source-input.ts';
import { sparseSource } from './sparse-source.ts';
import { StreamInput } from './stream-input.ts';
import { type TarMember, tarMembers } from './tar.ts';
import { type MemberOpener, type Spool, SpoolFull, type Unpacking } from './unpacking.ts';

/**
 * Opens a tar in place: its headers are scanned once, bodies are read where they lie when asked for. Closing the tree
 * closes `source`, as an error does.
 */
export async function openTar(source: ByteSource): Promise<ArchiveTree> {
  try {
    const members = new Map<string, MemberOpener>();
    for await (const member of tarMembers(new SourceInput(source))) {
      const { kind, offset, size } = member;
      const openStored = async (label: string) => source.region(offset, size, label);
      addMember(members, member, kind === 'file' ? openStored : undefined);
    }
    return new ArchiveTree(source.file, members, () => source.close());
  } catch (error) {
    await source.close();
    throw error;
  }
}

export interface UnpackOptions {
  /** Which members are wanted, by their names. */
  readonly isWanted: (name: string) => boolean;
  /** Bytes they may fill, holes and blocks of zeros not counted. Default: see `mostUnpacked`. */
  readonly maxUnpackedBytes?: number | undefined;
}

/**
 * Unpacks the wanted members of a gzipped tar in one pass, and closes `source`. Closing the tree removes what was
 * unpacked.
 */
export async function openGzippedTar(
  source: ByteSource,
  unpacking: Unpacking,
  options: UnpackOptions,
): Promise<ArchiveTree> {
  const limit = options.maxUnpackedBytes ?? mostUnpacked(source.size);
  const spool = unpacking.openSpool(limit);
  try {
    const members = await spoolMembers(source, unpacking, spool, options.isWanted);
    return new ArchiveTree(source.file, members, () => spool.close());
  } catch (error) {
    await spool.close();
    if (!(error instanceof SpoolFull)) throw error;
    throw source.error(
      `its ${source.size} bytes unpack to more than ${limit}, as no checkpoint does; if it is right, unpack it and give ` +
        'the directory',
    );
  } finally {
    await source.close();
  }
}

async function spoolMembers(
  source: ByteSource,
  { inflate }: Unpacking,
  spool: Spool,
  isWanted: (name: string) => boolean,
): Promise<Map<string, MemberOpener>> {
  const members = new Map<string, MemberOpener>();
  const input = new StreamInput(source.file, inflate(source.stream(), 'gzip'));
  try {
    for await (const member of tarMembers(input)) {
      if (!isWanted(member.name)) continue;
      const { kind, size } = member;
      addMember(members, member, kind === 'file' ? await spool.add(input.body(size)) : undefined);
    }
    // What follows the end mark is read too, so that the checksum of the last gzip member is verified.
    await input.skipTo(Number.POSITIVE_INFINITY);
  } finally {
    await input.close();
  }
  return members;
}

/**
 * A later member of the same name replaces an earlier one; a hard link stands for the member it names.
 * @param openStored gives the bytes that the archive has of a file
 */
function addMember(
  members: Map<string, MemberOpener>,
  { name, kind, target, sparse }: TarMember,
  openStored: MemberOpener | undefined = members.get(target),
): void {
  if (openStored === undefined) return;
  const hasHoles = kind === 'file' && sparse !== undefined;
  const open = async (label: string) => sparseSource(await openStored(label), sparse!);
  members.set(name, hasHoles ? open : openStored);
}
