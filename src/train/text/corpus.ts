import { DataError } from '../../base/errors.ts';
import { stripWhitespace } from '../../base/python-text.ts';
import { crc32c, hexadecimalCrc } from '../../io/bytes/crc32c.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { EOS } from '../../models/transformer/config.ts';
import { linePairs, type ParallelText, requireAsMany } from './parallel-text.ts';
import type { SentencePair } from './sentence-pair.ts';

/** Sentence pairs in memory, as ids that end with the end of a sentence, each found by its number. */
export class Corpus {
  readonly #ids: Uint32Array;
  /** Where the source of a pair begins, then where its target does; one more at the end. */
  readonly #starts: Float64Array;

  private constructor(ids: Uint32Array, starts: Float64Array) {
    this.#ids = ids;
    this.#starts = starts;
  }

  /** Takes pairs as they come. */
  static async of(pairs: Iterable<SentencePair> | AsyncIterable<SentencePair>): Promise<Corpus> {
    const ids = new GrowingIds();
    const starts: number[] = [];
    for await (const { inputs, targets } of pairs) {
      for (const side of [inputs, targets]) {
        starts.push(ids.length);
        ids.add(side);
      }
    }
    starts.push(ids.length);
    return new Corpus(ids.finish(), Float64Array.from(starts));
  }

  /** How many pairs there are. */
  get pairs(): number {
    return (this.#starts.length - 1) / 2;
  }

  /** Ids of both sides. */
  get tokens(): number {
    return this.#ids.length;
  }

  /** Tells corpora apart: CRC-32C of all ids and of where they begin, in hexadecimal. */
  get checksum(): string {
    const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array) =>
      new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    return hexadecimalCrc(crc32c(bytes(this.#starts), crc32c(bytes(this.#ids))));
  }

  pair(index: number): SentencePair {
    return { inputs: this.#side(2 * index), targets: this.#side(2 * index + 1) };
  }

  /** Of the two sides of a pair. */
  lengths(index: number): [number, number] {
    const [first, second, end] = this.#starts.subarray(2 * index, 2 * index + 3);
    return [second - first, end - second];
  }

  /** Of the longer side of a pair. */
  length(index: number): number {
    return Math.max(...this.lengths(index));
  }

  #side(index: number): number[] {
    return [...this.#ids.subarray(this.#starts[index], this.#starts[index + 1])];
  }
}

/** How texts become pairs. */
export interface ReadCorpusOptions {
  /** Of both languages. */
  readonly vocabulary: Vocabulary;
  /** Tokens of the longer side, its end included; longer pairs are left out. */
  readonly maxLength: number;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many lines were read. */
  readonly onProgress?: ((lines: number) => void) | undefined;
}

/** What was read. */
export interface ReadCorpus {
  readonly corpus: Corpus;
  /** Pairs with an empty side, which are left out. */
  readonly empty: number;
  /** Pairs that are too long. */
  readonly tooLong: number;
}

/**
 * Reads parallel text, plain or gzipped.
 * @throws {UsageError} where there are more or fewer files of one side.
 * @throws {DataError} where a file is missing, damaged or no UTF-8, two files have not as many lines, or no pair is left.
 */
export async function readCorpus(
  { inputs, targets }: ParallelText,
  { vocabulary, maxLength, signal, onProgress = () => {} }: ReadCorpusOptions,
): Promise<ReadCorpus> {
  requireAsMany({ inputs, targets });
  const counts = { lines: 0, empty: 0, tooLong: 0 };
  async function* pairs(): AsyncGenerator<SentencePair> {
    for (const [i, file] of inputs.entries()) {
      for await (const both of linePairs(file, targets[i])) {
        signal?.throwIfAborted();
        if (++counts.lines % 10_000 === 0) onProgress(counts.lines);
        const [source, target] = both.map(stripWhitespace);
        const pair = { inputs: encode(vocabulary, source), targets: encode(vocabulary, target) };
        if (source === '' || target === '') counts.empty++;
        else if (Math.max(pair.inputs.length, pair.targets.length) > maxLength) counts.tooLong++;
        else yield pair;
      }
    }
  }
  const corpus = await Corpus.of(pairs());
  const { lines, empty, tooLong } = counts;
  if (corpus.pairs === 0) {
    throw new DataError(
      `has nothing to train on: of ${lines} pairs ${empty} have an empty side and ${tooLong} are longer than ${maxLength} tokens`,
      { file: inputs[0] },
    );
  }
  return { corpus, empty, tooLong };
}

function encode(vocabulary: Vocabulary, text: string): number[] {
  return [...vocabulary.encode(text), EOS];
}

/** Ids in memory that doubles when it is full. */
class GrowingIds {
  #ids = new Uint32Array(2 ** 12);
  length = 0;

  add(ids: readonly number[]): void {
    if (this.length + ids.length > this.#ids.length) {
      const grown = new Uint32Array(2 * this.#ids.length + ids.length);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids.set(ids, this.length);
    this.length += ids.length;
  }

  finish(): Uint32Array {
    return this.#ids.slice(0, this.length);
  }
}
