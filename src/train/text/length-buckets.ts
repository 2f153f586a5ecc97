import { checkNumber } from '../../base/check-arguments.ts';
import type { SentencePair } from './sentence-pair.ts';

/** Sentence pairs whose longer side has at most `length` tokens, and how many of them make a batch. */
export interface LengthBucket {
  /** Tokens of the longest. */
  readonly length: number;
  /** As many make a batch. */
  readonly sentences: number;
}

/** How batches are cut. */
export interface BucketOptions {
  /** Tokens of a batch, padding included, a side. */
  readonly tokens: number;
  /** Longest sentence; longer pairs are left out. */
  readonly longest: number;
  /** Longest sentence of the first bucket; 8 in Tensor2Tensor. */
  readonly shortest?: number | undefined;
  /** How many times as long each bucket is as the one before; 1.1 in Tensor2Tensor. */
  readonly step?: number | undefined;
}

/**
 * Buckets by which sentences of about one length come into one batch, so that little of it is padding: from 8 tokens on each
 * 1.1 times as long as the last, as Tensor2Tensor batches what is not packed. A batch has as many sentences as `tokens` allows,
 * at least one.
 *
 * @throws {UsageError} for numbers from which no bucket comes.
 */
export function lengthBuckets({ tokens, longest, shortest = 8, step = 1.1 }: BucketOptions): LengthBucket[] {
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  checkNumber('tokens', tokens, isCount, 'a whole number above 0');
  checkNumber('longest', longest, isCount, 'a whole number above 0');
  checkNumber('shortest', shortest, isCount, 'a whole number above 0');
  checkNumber('step', step, (value) => value >= 1 && Number.isFinite(value), 'a number from 1 up');
  const buckets: LengthBucket[] = [];
  const add = (length: number, bound: number) => {
    buckets.push({ length, sentences: Math.max(1, Math.floor(tokens / bound)) });
  };
  // A bound is the first length that its bucket does not take, as in Tensor2Tensor.
  for (let bound = shortest; bound < longest; bound = Math.max(bound + 1, Math.trunc(bound * step))) {
    if (bound > 1) add(bound - 1, bound);
  }
  add(longest, longest);
  return buckets;
}

/** The bucket of a pair: the first whose length both sides keep to; nothing for a pair longer than all. */
export function bucketOf(
  buckets: readonly LengthBucket[],
  { inputs, targets }: SentencePair,
): LengthBucket | undefined {
  return buckets[bucketIndex(buckets, Math.max(inputs.length, targets.length))];
}

/** Place of the first bucket that holds pairs whose longer side has so many tokens; −1 where none does. */
export function bucketIndex(buckets: readonly LengthBucket[], length: number): number {
  return buckets.findIndex((bucket) => length <= bucket.length);
}
