import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { explainWriteFailure, writeAt } from '../files/atomic-file.ts';
import type { SparseMap } from './sparse.ts';

/** More was to be unpacked than the folder may hold. */
export class SpoolFull extends Error {}

/** Where members of an archive are unpacked to: a temporary directory, made for the first of them. */
export class SpoolFolder {
  readonly #limit: number;
  #path: Promise<string> | undefined;
  #written = 0;
  #removeAtExit = () => {};

  /** @param limit the most bytes that may be written; blocks of zeros become holes and do not count. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /**
   * Writes the stored bytes of a member, which has holes between them where `sparse` says so.
   * @returns the path of the file.
   * @throws {SpoolFull} beyond the limit.
   */
  async add(pieces: AsyncIterable<Uint8Array>, size: number, sparse?: SparseMap): Promise<string> {
    const path = join(await this.#folder(), randomBytes(8).toString('hex'));
    const { size: whole, stretches } = sparse ?? { size, stretches: [{ at: 0, length: size }] };
    const file = await open(path, 'wx');
    try {
      let stretch = 0;
      let within = 0;
      for await (const piece of pieces) {
        for (let taken = 0; taken < piece.length; ) {
          const { at, length } = stretches[stretch];
          const part = piece.subarray(taken, taken + Math.min(length - within, ZEROS.length));
          if (!isZero(part)) {
            this.#written += part.length;
            if (this.#written > this.#limit) throw new SpoolFull();
            await writeAt(file, at + within, part, path);
          }
          taken += part.length;
          within += part.length;
          if (within === length) [stretch, within] = [stretch + 1, 0];
        }
      }
      await file.truncate(whole).catch((error) => {
        throw explainWriteFailure(path, error);
      });
    } finally {
      await file.close();
    }
    return path;
  }

  async remove(): Promise<void> {
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
    const path = await mkdtemp(join(tmpdir(), 'tsos-')).catch((error) => {
      throw explainWriteFailure(tmpdir(), error);
    });
    this.#removeAtExit = () => rmSync(path, { recursive: true, force: true });
    process.once('exit', this.#removeAtExit);
    return path;
  }
}

const ZEROS = new Uint8Array(2 ** 18);

function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}
