import { BlobBuilder } from '../bytes/blob-builder.ts';
import { blobSource } from '../bytes/blob-source.ts';
import { portableInflate } from '../bytes/portable-inflate.ts';
import { type MemberOpener, type Spool, SpoolFull, type Unpacking } from './unpacking.ts';

/** Unpacks in any runtime, into Blobs, which browsers keep on disk where they are large. */
export const portableUnpacking: Unpacking = {
  inflate: portableInflate,
  openSpool: (limit) => new BlobSpool(limit),
};

/** Files as Blobs; those go when nobody holds on to them. */
class BlobSpool implements Spool {
  readonly #limit: number;
  #stored = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async add(pieces: AsyncIterable<Uint8Array>): Promise<MemberOpener> {
    const builder = new BlobBuilder();
    for await (const piece of pieces) {
      this.#stored += builder.add(piece);
      if (this.#stored > this.#limit) throw new SpoolFull();
    }
    const file = builder.finish();
    return async (label) => blobSource(label, file);
  }

  async close(): Promise<void> {}
}
