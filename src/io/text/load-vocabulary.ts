import { type GivenBytes, isWebAddress, readGiven } from '../bytes/given-bytes.ts';
import { pathOfFileUrl } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import { decodeVocabulary, type Vocabulary, type VocabularyOptions } from './subwords.ts';

/**
 * Reads a Tensor2Tensor subword vocabulary: UTF-8, one quoted entry a line, the line number is the id.
 * @param given a path, or the file as URL (or `https://…`), Blob or bytes
 * @throws {DataError} where it cannot be read, is empty, is no UTF-8 or has another size than expected.
 */
export async function loadVocabulary(
  given: string | GivenBytes,
  options?: VocabularyOptions,
): Promise<Vocabulary> {
  if (typeof given === 'string' && isWebAddress(given)) return loadVocabulary(new URL(given), options);
  if (given instanceof URL && given.protocol === 'file:')
    return loadVocabulary(pathOfFileUrl(given), options);
  if (typeof given === 'string') return decodeVocabulary(await readBytes(given), given, options);
  const { file, bytes } = await readGiven(given);
  return decodeVocabulary(bytes, file, options);
}
