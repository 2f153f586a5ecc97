import { checkNumber } from '../../base/check-arguments.ts';
import type { SentencePair } from './sentence-pair.ts';

/** One side of a packed row: sentences one behind the other, without padding. All three have one length. */
export interface PackedSide {
  /** Tokens of the vocabulary. */
  readonly ids: readonly number[];
  /** Number of the sentence in its row, from 1. A token sees tokens of its own sentence only. */
  readonly segments: readonly number[];
  /** Place of a token in its sentence, from 0. */
  readonly positions: readonly number[];
}

/** Pairs of sentences in one row; segments of the two sides with one number belong together. */
export interface PackedRow {
  /** Of the source language. */
  readonly inputs: PackedSide;
  /** Of the target language. */
  readonly targets: PackedSide;
}

/** How rows are filled. */
export interface PackOptions {
  /** Tokens that a side of a row has room for; 256 in the original. */
  readonly length: number;
  /** Told of pairs that are longer than a row, which are left out. */
  readonly onTooLong?: ((pair: SentencePair) => void) | undefined;
}

/** Rows that are open at a time; the oldest is given away when a pair fits none. */
const OPEN_ROWS = 10;

/**
 * Packs pairs of sentences into rows, as Tensor2Tensor packs `translate_ende_wmt32k_packed`: each into the first of ten open
 * rows that has room for both sides.
 * @throws {UsageError} for a length that is no whole number above 0.
 */
export async function* packRows(
  pairs: Iterable<SentencePair> | AsyncIterable<SentencePair>,
  { length, onTooLong = () => {} }: PackOptions,
): AsyncGenerator<PackedRow> {
  checkNumber(
    'length',
    length,
    (value) => Number.isSafeInteger(value) && value > 0,
    'a whole number above 0',
  );
  const open: OpenRow[] = [];
  for await (const pair of pairs) {
    if (Math.max(pair.inputs.length, pair.targets.length) > length) {
      onTooLong(pair);
      continue;
    }
    let row = open.find((candidate) => candidate.hasRoom(pair, length));
    if (row === undefined) {
      if (open.length === OPEN_ROWS) yield open.shift()!;
      row = new OpenRow();
      open.push(row);
    }
    row.add(pair);
  }
  yield* open;
}

class OpenRow implements PackedRow {
  readonly inputs = new OpenSide();
  readonly targets = new OpenSide();

  hasRoom({ inputs, targets }: SentencePair, length: number): boolean {
    return (
      this.inputs.ids.length + inputs.length <= length && this.targets.ids.length + targets.length <= length
    );
  }

  add({ inputs, targets }: SentencePair): void {
    this.inputs.add(inputs);
    this.targets.add(targets);
  }
}

class OpenSide implements PackedSide {
  readonly ids: number[] = [];
  readonly segments: number[] = [];
  readonly positions: number[] = [];
  #sentences = 0;

  add(ids: readonly number[]): void {
    this.#sentences++;
    ids.forEach((id, position) => {
      this.ids.push(id);
      this.segments.push(this.#sentences);
      this.positions.push(position);
    });
  }
}
