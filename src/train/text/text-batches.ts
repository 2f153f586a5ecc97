import { UsageError } from '../../base/errors.ts';
import { derivedKey, type RandomKey } from '../../base/random.ts';
import { orderKey, permutation } from '../data/permutation.ts';
import type { Corpus } from './corpus.ts';
import { bucketIndex, type LengthBucket } from './length-buckets.ts';
import { emptyPart, type TextBatch, type TextBatchSource, type TextPart, textBatch } from './text-part.ts';

export interface TextBatchesOptions {
  readonly buckets: readonly LengthBucket[];
  /** In how many parts a batch is worked on. */
  readonly parts: number;
  /** Decides on the order. */
  readonly seed: number;
}

/**
 * The batches of a training on text, found by the number of the step: every epoch has another order of the pairs, which are put
 * into batches of about one length, and another order of these. What is left of a length goes into batches of the next longer
 * one; what is left of the longest is left out, other pairs each time.
 */
export class TextBatches implements TextBatchSource {
  readonly perEpoch: number;
  readonly #corpus: Corpus;
  readonly #options: TextBatchesOptions;
  readonly #key: RandomKey;
  /** Numbers of the pairs by bucket. */
  readonly #byBucket: readonly number[][];
  /** Those that batches come from. */
  readonly #filled: readonly LengthBucket[];
  #epoch: { readonly number: number; readonly batches: readonly PairNumbers[] } | undefined;

  /** @throws {UsageError} where all pairs together fill no batch. */
  constructor(corpus: Corpus, options: TextBatchesOptions) {
    const { buckets, seed } = options;
    this.#corpus = corpus;
    this.#options = options;
    this.#key = orderKey(seed);
    this.#byBucket = buckets.map(() => []);
    for (let i = 0; i < corpus.pairs; i++) {
      const bucket = bucketIndex(buckets, corpus.length(i));
      if (bucket >= 0) this.#byBucket[bucket].push(i);
    }
    // As many in every order: what is left over is counted, not chosen.
    let left = 0;
    let batches = 0;
    this.#filled = buckets.filter(({ sentences }, b) => {
      left += this.#byBucket[b].length;
      const whole = Math.floor(left / sentences);
      batches += whole;
      left %= sentences;
      return whole > 0;
    });
    this.perEpoch = batches;
    if (batches === 0) {
      throw new UsageError(
        `${corpus.pairs} sentence pairs do not fill a batch; make batches smaller or give more text`,
      );
    }
  }

  at(step: number): TextBatch {
    const { bucket, pairs } = this.#batchesOf(Math.floor(step / this.perEpoch))[step % this.perEpoch];
    const rows = pairs.map((number) => [this.#corpus.pair(number)]);
    return textBatch(rows, emptySentences(bucket, this.#options.parts));
  }

  /**
   * Parts without pairs, of the shapes that need the largest buffers: activations grow with the tokens of a part, what attention
   * weighs with these times the length.
   * @param parts in how many a batch is worked on
   */
  largestParts(parts: number): readonly TextPart[] {
    const rooms = this.#filled.map((bucket) => emptySentences(bucket, parts));
    const largest = (size: (room: LengthBucket) => number) =>
      rooms.reduce((most, part) => (size(part.room) > size(most.room) ? part : most));
    return [
      ...new Set([
        largest(({ sentences, length }) => sentences * length),
        largest(({ sentences, length }) => sentences * length ** 2),
      ]),
    ];
  }

  #batchesOf(epoch: number): readonly PairNumbers[] {
    if (this.#epoch?.number !== epoch) this.#epoch = { number: epoch, batches: this.#shuffled(epoch) };
    return this.#epoch.batches;
  }

  #shuffled(epoch: number): readonly PairNumbers[] {
    const key = derivedKey(this.#key, epoch);
    const inOrder: PairNumbers[] = [];
    let left: number[] = [];
    for (const [b, bucket] of this.#options.buckets.entries()) {
      const pairs = this.#byBucket[b];
      const order = permutation(pairs.length, derivedKey(key, b + 1));
      const numbers = [...left, ...Array.from(order, (i) => pairs[i])];
      let at = 0;
      for (; at + bucket.sentences <= numbers.length; at += bucket.sentences) {
        inOrder.push({ bucket, pairs: numbers.slice(at, at + bucket.sentences) });
      }
      left = numbers.slice(at);
    }
    const order = permutation(inOrder.length, derivedKey(key, 0));
    return Array.from(order, (i) => inOrder[i]);
  }
}

interface PairNumbers {
  readonly bucket: LengthBucket;
  readonly pairs: readonly number[];
}

function emptySentences({ length, sentences }: LengthBucket, parts: number): TextPart {
  return emptyPart({ length, sentences: Math.ceil(sentences / parts) }, { isPacked: false });
}
