import { DataError } from '../../base/errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { Inflate } from '../bytes/inflate.ts';
import { streamUnpacked } from '../bytes/read-unpacked.ts';

/**
 * The lines of a text in UTF-8, plain or gzipped, which its bytes tell and not its name. Lines end at U+000A only, as everywhere
 * with vocabularies of Tensor2Tensor; the last need not. Memory is bounded by the longest line.
 * @throws {DataError} where the file is not there, is damaged or is no UTF-8.
 */
export async function* readLines(file: ByteFile, inflate: Inflate): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let begun = '';
  let lines = 0;
  const decoded = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      const reason = `is not valid UTF-8 in or soon after line ${lines + 1}; convert it first`;
      throw new DataError(reason, { file: file.name }, { cause });
    }
  };
  const source = await file.open();
  try {
    for await (const bytes of streamUnpacked(source, inflate)) {
      const [first, ...others] = decoded(bytes).split('\n');
      begun += first;
      for (const next of others) {
        yield begun;
        lines++;
        begun = next;
      }
    }
  } finally {
    await source.close();
  }
  begun += decoded();
  if (begun !== '') yield begun;
}
