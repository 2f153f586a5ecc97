import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { withDirectory } from '../io/support.ts';

const run = promisify(execFile);

/** A disk of its own that is mounted while it is used. */
export interface SmallDisk {
  /** Where it is. */
  readonly disk: string;
  /** A folder beside it, on a disk with room. */
  readonly directory: string;
  /** Mounts it anew in another way, such as `size=1m` or `ro`. */
  remount(options: string): Promise<unknown>;
}

/** Skips the test where nothing can be mounted. @param size as mount has it, such as `12k` */
export async function withSmallDisk(
  t: Pick<TestContext, 'skip'>,
  size: string,
  use: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const disk = join(directory, 'disk');
    await mkdir(disk);
    const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk];
    const mounted = await run('mount', options).catch(() => undefined);
    if (mounted === undefined) return t.skip('a small disk cannot be mounted here');
    try {
      await use({ disk, directory, remount: (how) => run('mount', ['-o', `remount,${how}`, disk]) });
    } finally {
      await run('umount', [disk]);
    }
  });
}
