import { UsageError } from '../../base/errors.ts';
import { FileSet } from '../archive/file-set.ts';
import type { FileTree } from '../archive/file-tree.ts';
import type { MemberOpener, Unpacking } from '../archive/unpacking.ts';
import { UrlTree } from '../archive/url-tree.ts';
import { blobSource } from '../bytes/blob-source.ts';
import { memorySource } from '../bytes/memory-source.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { type Located, locateCheckpoint, locateWithin } from './locate.ts';
import { type OpenOptions, openLocated } from './open-located.ts';

/**
 * A checkpoint that is on no disk: an archive, or the one file of a V1 checkpoint, as a Blob or bytes; the files of a
 * checkpoint or folder, such as an `<input webkitdirectory>` gives; or a URL of what a path may name.
 */
export type CheckpointInput = Blob | Iterable<File> | URL | Uint8Array | ArrayBuffer;

/** Opens a checkpoint that is on no disk; see `openCheckpoint`. */
export async function openInput(
  input: CheckpointInput,
  unpacking: Unpacking,
  options: OpenOptions,
): Promise<Checkpoint> {
  const { name, tree, locate } = placeOf(input, unpacking, options);
  try {
    return await openLocated(await locate(), name, options, () => tree.close());
  } catch (error) {
    await tree.close();
    throw error;
  }
}

/** Where to look for a checkpoint. */
export interface Place {
  /** What the checkpoint is called. */
  readonly name: string;
  readonly tree: FileTree;
  /** Its path there; empty where all files are to be searched. */
  readonly path: string;
  locate(): Promise<Located>;
}

function placeOf(input: CheckpointInput, unpacking: Unpacking, options: OpenOptions): Place {
  const { member = '' } = options;
  if (input instanceof URL) return urlPlace(input, unpacking, options);
  const files = filesOf(input);
  if (files.size === 0) throw new UsageError('no files are given; choose those of a checkpoint');
  // One file is what it is; of several it is found out which belong together.
  const [only] = files.size === 1 ? files.keys() : [];
  const name = only ?? commonFolder([...files.keys()]) ?? 'the given files';
  const tree = new FileSet(name, files);
  const path = [only ?? '', member].filter((part) => part !== '').join('/');
  return { name, tree, path, locate: () => locateCheckpoint(tree, path, unpacking, options) };
}

/** Where a URL leads. */
export function urlPlace(url: URL, unpacking: Unpacking, options: OpenOptions): Place {
  const path = `${url.protocol}//${url.host}${url.pathname}`;
  const tree = new UrlTree(url.search, unpacking);
  const locate = () => locateWithin(tree, path, options.member ?? '', unpacking, options);
  return { name: path, tree, path, locate };
}

function filesOf(input: Exclude<CheckpointInput, URL>): ReadonlyMap<string, MemberOpener> {
  if (input instanceof ArrayBuffer) return filesOf(new Uint8Array(input));
  if (input instanceof Uint8Array) {
    return new Map([['the given bytes', async (label) => memorySource(label, input)]]);
  }
  const blobs = input instanceof Blob ? [input] : [...input];
  return new Map(blobs.map((blob) => [pathOf(blob), async (label) => blobSource(label, blob)]));
}

/** Of a file in a chosen folder the path, which begins with the name of the folder. */
function pathOf(blob: Blob): string {
  const { webkitRelativePath, name } = blob as Partial<File>;
  return webkitRelativePath || name || 'the given Blob';
}

/** The folder that all paths are in, if there is one. */
function commonFolder(paths: readonly string[]): string | undefined {
  const [folder, ...rest] = paths[0].split('/');
  const isCommon = rest.length > 0 && paths.every((path) => path.startsWith(`${folder}/`));
  return isCommon ? folder : undefined;
}
