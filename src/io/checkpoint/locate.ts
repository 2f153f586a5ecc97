import { DataError } from '../../base/errors.ts';
import { openGzippedTar, openTar } from '../archive/archive.ts';
import { ArchiveTree, type FileTree } from '../archive/file-tree.ts';
import { looksLikeTar } from '../archive/tar.ts';
import type { Unpacking } from '../archive/unpacking.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { isGzip } from '../bytes/inflate.ts';
import { unreadArchive } from '../bytes/unread-archives.ts';
import { looksLikeSafetensors } from './safetensors.ts';
import { parseStateFile } from './state-file.ts';
import { fileName, isTableFile, join, parentOf, shortList } from './tree-paths.ts';
import { DATA_SHARD, isV1Prefix, V1_SHARD, v1Shards } from './v1-shards.ts';

const STATE_FILE = 'checkpoint';
/** State files are some hundred bytes; one above this is something else. */
const MAX_STATE_BYTES = 2 ** 16;
const INDEX = /\.index$/;
const SAFETENSORS = /\.safetensors$/;
/** Names a V1 checkpoint of one file usually has. */
const V1_FILE = /\.ckpt(-\d+)?$/;

/** Files beside a checkpoint that say more of it. */
const COMPANIONS: readonly string[] = ['hparams.json'];

/** A checkpoint that was found: its files' tree, and a V2 prefix, the V1 table files or a safetensors file. */
export interface Located {
  readonly tree: FileTree;
  readonly checkpoint:
    | { readonly format: 'V2'; readonly prefix: string }
    | { readonly format: 'V1' | 'safetensors'; readonly files: readonly string[] };
  /** Where files that go with the checkpoint may be, beside its own. */
  readonly around: readonly Directory[];
}

export interface Directory {
  readonly tree: FileTree;
  readonly path: string;
}

export interface LocateOptions {
  /** See `openGzippedTar`. */
  readonly maxUnpackedBytes?: number | undefined;
}

/**
 * Finds the checkpoint that a path in a tree means: a prefix, any file of it, a directory with one, or a tar archive
 * (gzipped or not) that holds one; `archive.tar/inner/path` means one within an archive.
 * @throws {DataError} when there is none, or several of which none is said to be the newest.
 */
export async function locateCheckpoint(
  tree: FileTree,
  path: string,
  unpacking: Unpacking,
  options: LocateOptions = {},
): Promise<Located> {
  const { outer, inner } = await splitPath(tree, path);
  return locateWithin(tree, outer, inner, unpacking, options);
}

/** As `locateCheckpoint`. @param inner the path within the file `outer`; empty where that is to be searched, or no archive */
export async function locateWithin(
  tree: FileTree,
  outer: string,
  inner: string,
  unpacking: Unpacking,
  options: LocateOptions,
): Promise<Located> {
  const kind = await tree.kind(outer);
  if (kind === undefined) return inTree(tree, () => findByPrefix(tree, outer));
  const parent = { tree, path: parentOf(outer) };
  if (kind === 'directory') {
    const isAll = outer === '' && tree instanceof ArchiveTree;
    const find = () => (isAll ? findInArchive(tree, '') : findBesideOrIn(tree, outer));
    return inTree(tree, find, [{ tree, path: trimSlashes(outer) }, parent]);
  }
  const archive = await openArchive(await tree.open(outer), unpacking, options);
  if (archive !== undefined) return inTree(archive, () => findInArchive(archive, inner), [parent]);
  if (inner !== '') {
    const file = tree.describe(outer);
    throw new DataError('is no tar archive, so there can be nothing within it', { file });
  }
  if (fileName(outer) === STATE_FILE && !(await isTableFile(tree, outer))) {
    return inTree(tree, () => findInDirectory(tree, parentOf(outer)));
  }
  return inTree(tree, () => findByPrefix(tree, outer));
}

/** Splits `archive.tar/inner/path` where a path goes on behind a file. */
async function splitPath(tree: FileTree, path: string): Promise<{ outer: string; inner: string }> {
  for (let outer = path; ; ) {
    const kind = await tree.kind(outer);
    if (kind === 'file') return { outer, inner: path.slice(outer.length).replace(/^\/+|(?<=\/)\/+$/g, '') };
    const parent = parentOf(outer);
    if (kind !== undefined || parent === outer) return { outer: path, inner: '' };
    outer = parent;
  }
}

async function inTree(
  tree: FileTree,
  find: () => Promise<Located['checkpoint']>,
  outside: readonly Directory[] = [],
): Promise<Located> {
  try {
    const checkpoint = await find();
    const file = checkpoint.format === 'V2' ? checkpoint.prefix : checkpoint.files[0];
    return { tree, checkpoint, around: [{ tree, path: parentOf(file) }, ...outside] };
  } catch (error) {
    await tree.close();
    throw error;
  }
}

/** undefined: the file is no archive, and closed. Told by its first bytes, since names promise nothing. */
async function openArchive(
  source: ByteSource,
  unpacking: Unpacking,
  { maxUnpackedBytes }: LocateOptions,
): Promise<ArchiveTree | undefined> {
  const head = await headOf(source);
  if (isGzip(head)) {
    return openGzippedTar(source, unpacking, { isWanted: isOfCheckpoint, maxUnpackedBytes });
  }
  if (looksLikeTar(head)) return openTar(source);
  await source.close();
  const unread = unreadArchive(head);
  if (unread !== undefined && !INDEX.test(source.file) && !DATA_SHARD.test(source.file)) {
    throw source.error(unread);
  }
  return undefined;
}

async function headOf(source: ByteSource): Promise<Uint8Array> {
  try {
    return await source.read(0, Math.min(source.size, 512));
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Whether a file is, by its name, of a checkpoint or says more about one, as what lies beside it does. */
export function isOfCheckpoint(path: string): boolean {
  return isCheckpointFile(path) || COMPANIONS.includes(fileName(path));
}

/** Whether a file is, by its name, of a checkpoint. */
export function isCheckpointFile(path: string): boolean {
  const name = fileName(path);
  return (
    !name.startsWith('._') &&
    (name === STATE_FILE ||
      [INDEX, DATA_SHARD, V1_SHARD, V1_FILE, SAFETENSORS].some((pattern) => pattern.test(name)))
  );
}

async function findInArchive(tree: ArchiveTree, inner: string): Promise<Located['checkpoint']> {
  if (inner !== '') {
    const isDirectory = (await tree.kind(trimSlashes(inner))) === 'directory';
    return isDirectory ? findBesideOrIn(tree, inner) : findByPrefix(tree, inner);
  }
  const archive = tree.describe('');
  const files = tree.paths().filter((path) => isCheckpointFile(path) && !DATA_SHARD.test(path));
  const directories = [...new Set(files.map(parentOf))];
  const withState = directories.filter((directory) => files.includes(join(directory, STATE_FILE)));
  const choice = withState.length === 1 ? withState : directories;
  if (choice.length === 1) return findInDirectory(tree, choice[0]);
  if (choice.length === 0) throw new DataError('is an archive without a checkpoint in it', { file: archive });
  // The top of an archive has no name of its own, but the files there have.
  const named = choice.flatMap((directory) =>
    directory === '' ? files.filter((path) => parentOf(path) === '' && path !== STATE_FILE) : [directory],
  );
  throw new DataError(
    `is an archive with several checkpoints; name one of ${shortList(named.map((path) => tree.describe(path)))}`,
    { file: archive },
  );
}

/**
 * The checkpoint of a path that is a directory. Beside a directory `model` there may be a `model.index`: a path means a
 * prefix first, as to TensorFlow, and `model/` the directory.
 */
async function findBesideOrIn(tree: FileTree, path: string): Promise<Located['checkpoint']> {
  const directory = trimSlashes(path);
  const isPrefix =
    path === directory && ((await isFile(tree, `${path}.index`)) || (await isV1Prefix(tree, path)));
  return isPrefix ? findByPrefix(tree, path) : findInDirectory(tree, directory);
}

/** The checkpoint its state file names, or else the one with the largest step. */
async function findInDirectory(tree: FileTree, directory: string): Promise<Located['checkpoint']> {
  const names = (await tree.list(directory)).filter((name) => !name.startsWith('._'));
  if (await isFile(tree, join(directory, STATE_FILE))) return findByState(tree, directory, names);
  const prefixes = prefixesAmong(names);
  const newest = newestOf(prefixes);
  if (newest !== undefined) return findByPrefix(tree, join(directory, newest));
  if (prefixes.length > 0) {
    throw new DataError(
      `has several checkpoints and no "${STATE_FILE}" file that says which is the newest; name one of ${shortList(prefixes)}`,
      { file: tree.describe(directory) },
    );
  }
  // The root of a SavedModel keeps its checkpoint one level down.
  const saved = join(directory, 'variables/variables');
  if (await isFile(tree, `${saved}.index`)) return { format: 'V2', prefix: saved };
  const file = tree.describe(directory);
  const exported = names.filter((name) => SAFETENSORS.test(name));
  if (exported.length === 1) return { format: 'safetensors', files: [join(directory, exported[0])] };
  if (exported.length > 1) {
    throw new DataError(`has several checkpoints; name one of ${shortList(exported)}`, { file });
  }
  throw new DataError('has no checkpoint in it (no .index or .safetensors file)', { file });
}

async function findByState(
  tree: FileTree,
  directory: string,
  names: readonly string[],
): Promise<Located['checkpoint']> {
  const path = join(directory, STATE_FILE);
  const file = tree.describe(path);
  const source = await tree.open(path);
  try {
    if (source.size > MAX_STATE_BYTES) throw new DataError(`is no "${STATE_FILE}" file: too large`, { file });
    const { newest } = parseStateFile(await source.read(0, source.size));
    if (newest === undefined) {
      throw new DataError('names no checkpoint (no model_checkpoint_path); give the prefix of one', { file });
    }
    // A path of the machine that wrote it means the file of that name in this directory.
    const isAbsolute = /^(\/|[A-Za-z]:[\\/]|\w+:\/\/)/.test(newest);
    const asWritten = isAbsolute ? newest : join(directory, newest);
    for (const prefix of [asWritten, join(directory, newest.split(/[\\/]/).at(-1)!)]) {
      const found = await tryPrefix(tree, prefix);
      if (found !== undefined) return found;
    }
    const present = prefixesAmong(names);
    throw new DataError(
      `names ${JSON.stringify(newest)}, which is not here; ` +
        (present.length > 0 ? `there are ${shortList(present)}: give one of these` : 'get its files'),
      { file },
    );
  } finally {
    await source.close();
  }
}

async function findByPrefix(tree: FileTree, path: string): Promise<Located['checkpoint']> {
  const prefix = path
    .replace(INDEX, '')
    .replace(/\.data-(\d{5,}|\?{5})-of-\d{5,}$/, '')
    .replace(/\.meta$/, '');
  const found = await tryPrefix(tree, prefix);
  if (found !== undefined) return found;
  if (prefix === path && (await isFile(tree, path))) {
    const isSafetensors = SAFETENSORS.test(path) || (await beginsAsSafetensors(tree, path));
    return { format: isSafetensors ? 'safetensors' : 'V1', files: [path] };
  }
  const near = prefixesAmong(await tree.list(parentOf(prefix)));
  throw new DataError(
    `there is no checkpoint of this name (no ${tree.describe(prefix)}.index)` +
      (near.length > 0 ? `; beside it there are ${shortList(near)}` : ''),
    { file: tree.describe(path) },
  );
}

/** The checkpoint of exactly this prefix, of either format. */
async function tryPrefix(tree: FileTree, prefix: string): Promise<Located['checkpoint'] | undefined> {
  if (await isFile(tree, `${prefix}.index`)) return { format: 'V2', prefix };
  const shards = await v1Shards(tree, prefix);
  if (shards.length > 0) return { format: 'V1', files: shards };
  return (await isTableFile(tree, prefix)) ? { format: 'V1', files: [prefix] } : undefined;
}

async function beginsAsSafetensors(tree: FileTree, path: string): Promise<boolean> {
  const source = await tree.open(path);
  try {
    return looksLikeSafetensors(await source.read(0, Math.min(source.size, 16)), source.size);
  } finally {
    await source.close();
  }
}

/** Prefixes of the checkpoints that these files belong to. */
function prefixesAmong(names: readonly string[]): string[] {
  const ofIndexes = names.filter((name) => INDEX.test(name)).map((name) => name.replace(INDEX, ''));
  const ofShards = names
    .filter((name) => V1_SHARD.test(name) && !DATA_SHARD.test(name))
    .map((name) => name.replace(V1_SHARD, ''));
  return [...new Set([...ofIndexes, ...ofShards])].sort();
}

/** The prefix with the largest step, or the only one. */
function newestOf(prefixes: readonly string[]): string | undefined {
  if (prefixes.length === 1) return prefixes[0];
  const steps = prefixes
    .map((prefix) => ({ prefix, step: /-(\d+)$/.exec(prefix)?.[1] }))
    .filter(({ step }) => step !== undefined)
    .sort((a, b) => Number(b.step) - Number(a.step));
  return steps[0]?.prefix;
}

async function isFile(tree: FileTree, path: string): Promise<boolean> {
  return (await tree.kind(path)) === 'file';
}

function trimSlashes(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '');
}
