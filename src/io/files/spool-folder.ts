import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type MemberOpener, type Spool, SpoolFull } from '../archive/unpacking.ts';
import { isZero, ZEROS } from '../bytes/zeros.ts';
import { openFile } from './file-source.ts';
import { temporaryPath } from './temporary.ts';
import { writeAt } from './write-at.ts';
import { explained } from './write-failure.ts';

/**
 * Files in a temporary directory, which is made for the first of them and goes with the spool, at the latest with the
 * process. Blocks of zeros become holes.
 */
export class SpoolFolder implements Spool {
  readonly #limit: number;
  #path: Promise<string> | undefined;
  #written = 0;
  #removeAtExit = () => {};

  /** @param limit the most bytes that may be written; holes do not count. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  async add(pieces: AsyncIterable<Uint8Array>): Promise<MemberOpener> {
    const path = join(await this.#folder(), randomBytes(8).toString('hex'));
    const file = await explained(path, open(path, 'wx'));
    try {
      let length = 0;
      for await (const piece of pieces) {
        for (let taken = 0; taken < piece.length; taken += ZEROS.length) {
          const block = piece.subarray(taken, taken + ZEROS.length);
          if (isZero(block)) continue;
          this.#written += block.length;
          if (this.#written > this.#limit) throw new SpoolFull();
          await writeAt(file, length + taken, block, path);
        }
        length += piece.length;
      }
      await explained(path, file.truncate(length));
    } finally {
      await file.close();
    }
    return (label) => openFile(path, label);
  }

  async close(): Promise<void> {
    const path = await this.#path?.catch(() => undefined);
    if (path === undefined) return;
    await rm(path, { recursive: true, force: true });
    process.off('exit', this.#removeAtExit);
  }

  #folder(): Promise<string> {
    this.#path ??= this.#make();
    return this.#path;
  }

  async #make(): Promise<string> {
    // Its name says whose it is: the folder outlives a process that is killed, until another one unpacks something.
    const path = await temporaryPath(tmpdir(), { hidden: false });
    await explained(tmpdir(), mkdir(path, { mode: 0o700 }));
    this.#removeAtExit = () => rmSync(path, { recursive: true, force: true });
    process.once('exit', this.#removeAtExit);
    return path;
  }
}
