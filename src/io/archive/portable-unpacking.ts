import { blobSource } from '../bytes/blob-source.ts';
import { portableInflate } from '../bytes/portable-inflate.ts';
import { isZero, ZEROS } from '../bytes/zeros.ts';
import { type MemberOpener, type Spool, SpoolFull, type Unpacking } from './unpacking.ts';

/** Unpacks in any runtime, into Blobs, which browsers keep on disk where they are large. */
export const portableUnpacking: Unpacking = {
  inflate: portableInflate,
  openSpool: (limit) => new BlobSpool(limit),
};

/** Pieces are made a Blob when they have so many bytes, so that no more is held in memory. */
const SEALED_BYTES = 2 ** 24;

/** Files as Blobs; those go when nobody holds on to them. Blocks of zeros are all one Blob. */
class BlobSpool implements Spool {
  readonly #limit: number;
  readonly #zeros = new Blob([ZEROS]);
  #stored = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async add(pieces: AsyncIterable<Uint8Array>): Promise<MemberOpener> {
    const sealed: Blob[] = [];
    let open: (Blob | Uint8Array<ArrayBuffer>)[] = [];
    let openBytes = 0;
    for await (const piece of pieces) {
      for (const block of blocksOf(piece)) {
        if (isZero(block)) {
          open.push(this.#zeros.slice(0, block.length));
          continue;
        }
        this.#stored += block.length;
        if (this.#stored > this.#limit) throw new SpoolFull();
        open.push(block);
        openBytes += block.length;
      }
      if (openBytes < SEALED_BYTES) continue;
      sealed.push(new Blob(open));
      [open, openBytes] = [[], 0];
    }
    const file = new Blob([...sealed, ...open]);
    return async (label) => blobSource(label, file);
  }

  async close(): Promise<void> {}
}

function blocksOf(piece: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: Math.ceil(piece.length / ZEROS.length) }, (_, i) =>
    // Memory that is shared between threads does not come from an inflater.
    (piece as Uint8Array<ArrayBuffer>).subarray(i * ZEROS.length, (i + 1) * ZEROS.length),
  );
}
