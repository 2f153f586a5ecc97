import { type GivenBytes, readGiven, urlOfPage } from '../bytes/given-bytes.ts';
import { decodeVocabulary, type Vocabulary, type VocabularyOptions } from './subwords.ts';

/**
 * Reads a Tensor2Tensor subword vocabulary: UTF-8, one quoted entry a line, the line number is the id. For a text at hand
 * there is `parseVocabulary`.
 * @param given its URL, relative to the page where it is a string, or the file as Blob or bytes
 * @throws {DataError} where it cannot be read, is empty, is no UTF-8 or has another size than expected.
 */
export async function loadVocabulary(
  given: string | GivenBytes,
  options?: VocabularyOptions,
): Promise<Vocabulary> {
  const { file, bytes } = await readGiven(typeof given === 'string' ? urlOfPage(given) : given);
  return decodeVocabulary(bytes, file, options);
}
