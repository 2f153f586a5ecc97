import { isZero, ZEROS } from './zeros.ts';

/** Bytes are made a Blob when there are so many, so that no more is held in memory: browsers keep large Blobs on disk. */
const SEALED_BYTES = 2 ** 24;

/** A Blob growing at the end. Long runs of zeros are all one Blob and take no memory. */
export class BlobBuilder {
  readonly #zeros = new Blob([ZEROS]);
  #parts: BlobPart[] = [];
  /** How many of the parts are Blobs already. */
  #sealed = 0;
  #openBytes = 0;

  /** @returns how many of the bytes take memory */
  add(bytes: Uint8Array): number {
    let kept = 0;
    for (let at = 0; at < bytes.length; at += ZEROS.length) {
      const block = bytes.subarray(at, at + ZEROS.length);
      if (block.length >= LEAST_HOLE && isZero(block)) {
        this.#parts.push(this.#zeros.slice(0, block.length));
        continue;
      }
      this.#parts.push(block.slice());
      kept += block.length;
    }
    this.#openBytes += kept;
    if (this.#openBytes >= SEALED_BYTES) this.#seal();
    return kept;
  }

  finish(): Blob {
    return new Blob(this.#parts);
  }

  #seal(): void {
    const sealed = new Blob(this.#parts.splice(this.#sealed));
    this.#parts.push(sealed);
    this.#sealed++;
    this.#openBytes = 0;
  }
}

/** Fewer zeros than this are not worth a part of their own. */
const LEAST_HOLE = 2 ** 12;
