import type { Unpacking } from '../archive/unpacking.ts';
import { SpoolFolder } from './spool-folder.ts';
import { zlibInflate } from './zlib-inflate.ts';

/** Unpacks by the zlib of the runtime, into a temporary directory. */
export const diskUnpacking: Unpacking = {
  inflate: zlibInflate,
  openSpool: (limit) => new SpoolFolder(limit),
};
