import type { BigIntStats } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { UsageError } from '../../base/errors.ts';

/** Where an output really goes. */
export type OutputPlace =
  | {
      /** A file, there already or not, which is replaced as a whole. */
      readonly kind: 'file';
      /** Its path, behind all symbolic links. */
      readonly target: string;
    }
  | {
      /** Something that takes bytes as they come: a pipe, a terminal, `/dev/null`, an open file. */
      readonly kind: 'stream';
      readonly target: string;
      /** Where it is an open file of this process, such as 1 for `/dev/stdout`: its number. */
      readonly descriptor: number | undefined;
    };

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Finds where an output really goes: through symbolic links, those to nothing yet included. What stands for an open file of a
 * process is a stream whatever that file is, so that `/dev/stdout` goes to where standard output was sent, and behind what is there.
 * @throws {UsageError} where it is a folder, or nothing that can be written to.
 */
export async function outputPlace(path: string): Promise<OutputPlace> {
  const target = await linkTarget(path);
  const open = OPEN_FILE.exec(target);
  if (open !== null) return openFile(target, open[1], Number(open[2]));
  const found = await lstat(target).catch(() => undefined);
  // Whoever makes a file tells what is wrong with its folder.
  if (found === undefined || found.isFile()) return { kind: 'file', target };
  if (found.isFIFO() || found.isCharacterDevice()) return { kind: 'stream', target, descriptor: undefined };
  if (found.isDirectory()) throw new UsageError(`${path}: is a directory; name a file in it`);
  throw new UsageError(`${path}: is neither a file nor a pipe; name another output`);
}

/**
 * What a path leads to, through symbolic links, whether it is there or not.
 * @throws {UsageError} where the links go in a circle.
 */
export async function linkTarget(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const folder = await realpath(dirname(target)).catch(() => undefined);
    if (folder === undefined) return target;
    target = join(folder, basename(target));
    const found = await lstat(target).catch(() => undefined);
    if (!found?.isSymbolicLink() || OPEN_FILE.test(target)) return target;
    target = resolve(folder, await readlink(target));
  }
  throw new UsageError(`${path}: its symbolic links go in a circle; name another output`);
}

/** As Linux calls open files of a process, and as other systems call those of the one that asks. */
const OPEN_FILE = /^(?:\/proc\/(\d+)(?:\/task\/\d+)?|\/dev)\/fd\/(\d+)$/;

function openFile(target: string, pid: string | undefined, descriptor: number): OutputPlace {
  const isOwn = pid === undefined || Number(pid) === process.pid;
  return { kind: 'stream', target, descriptor: isOwn ? descriptor : undefined };
}

/**
 * Makes sure that an output replaces nothing that the run reads, by whatever name.
 * @param targets what is to be written or replaced
 * @param inputs files and folders; those that are not there, and what is no file or folder, cannot be harmed.
 * @throws {UsageError} otherwise.
 */
export async function refuseInputs(
  path: string,
  targets: readonly string[],
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const written = await Promise.all(targets.map(identityOf));
  if (written.every((each) => each === undefined)) return;
  for (const input of new Set(inputs)) {
    const identity = input === undefined ? undefined : await identityOf(input);
    const which = identity === undefined ? -1 : written.indexOf(identity);
    if (which < 0) continue;
    throw new UsageError(
      which === 0
        ? `${path}: is an input of this run too; name another file for the output`
        : `${path}: writing it would replace ${targets[which]}, an input of this run; name another output`,
    );
  }
}

/** Device and number of what a path leads to: the same for all of its names. */
async function identityOf(path: string): Promise<string | undefined> {
  const found: BigIntStats | undefined = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined || !(found.isFile() || found.isDirectory())) return undefined;
  return `${found.dev} ${found.ino}`;
}
