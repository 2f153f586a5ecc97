import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stateOf, thisOwner } from './owner.ts';

/** Of what another machine or container left: nobody there can be asked whether it is still at work. */
const ABANDONED_MS = 7 * 24 * 3600 * 1000;

/** `.tsos-<space>-<pid>-<start>-<random>.tmp`, without the point for what need not be hidden. */
const TEMPORARY = /^\.?tsos-([0-9a-f]{12})-(\d+)-(\d*)-[0-9a-f]{16}\.tmp$/;

/**
 * A name in a directory for what shall not stay there. It says whose it is, so that what a killed process left can be told from
 * what is in use. It is not made of another name, which may already be as long as a file system allows.
 */
export async function temporaryPath(directory: string, { hidden = true } = {}): Promise<string> {
  await clearOnce(directory);
  const { space, pid, started } = await thisOwner();
  const random = randomBytes(8).toString('hex');
  return join(directory, `${hidden ? '.' : ''}tsos-${space}-${pid}-${started}-${random}.tmp`);
}

/** Removes the temporary files and folders in a directory that no living process owns. What cannot be removed stays. */
export async function clearLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const [, space, pid, started] = TEMPORARY.exec(name) ?? [];
    if (space === undefined) continue;
    const path = join(directory, name);
    const state = await stateOf({ space, pid: Number(pid), started });
    if (state === 'dead' || (state === 'elsewhere' && (await isAbandoned(path)))) {
      await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

const cleared = new Map<string, Promise<void>>();

/** As `clearLeftovers`, once in each process. */
function clearOnce(directory: string): Promise<void> {
  const clearing = cleared.get(directory) ?? clearLeftovers(directory);
  cleared.set(directory, clearing);
  return clearing;
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}
