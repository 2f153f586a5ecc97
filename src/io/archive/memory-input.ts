import type { TarInput } from './tar.ts';

/** An archive that is held in memory. @param file what errors call it */
export function memoryInput(file: string, bytes: Uint8Array): TarInput {
  let position = 0;
  return {
    file,
    get position() {
      return position;
    },
    async read(length) {
      const chunk = bytes.subarray(position, position + length);
      position += chunk.length;
      return chunk;
    },
    async skipTo(target) {
      position = Math.min(target, bytes.length);
    },
  };
}
