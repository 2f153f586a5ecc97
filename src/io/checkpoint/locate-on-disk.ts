import { diskTree } from '../files/disk-tree.ts';
import { diskUnpacking } from '../files/disk-unpacking.ts';
import { withSlashes } from '../files/paths.ts';
import { type Located, type LocateOptions, locateCheckpoint } from './locate.ts';

/** `locateCheckpoint` for a path of the disk. */
export function locateOnDisk(path: string, options?: LocateOptions): Promise<Located> {
  return locateCheckpoint(diskTree, withSlashes(path), diskUnpacking, options);
}
