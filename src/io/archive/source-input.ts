import type { ByteSource } from '../bytes/byte-source.ts';
import type { TarInput } from './tar.ts';

/** The bytes of a file in order; passing over some is a seek. */
export class SourceInput implements TarInput {
  position = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get file(): string {
    return this.#source.file;
  }

  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#source.read(this.position, Math.min(length, this.#source.size - this.position));
    this.position += bytes.length;
    return bytes;
  }

  async skipTo(position: number): Promise<void> {
    this.position = Math.min(position, this.#source.size);
  }
}
