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
