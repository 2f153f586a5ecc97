/** A sentence and its translation, as ids that end with the end of a sentence. */
export interface SentencePair {
  /** The sentence. */
  readonly inputs: readonly number[];
  /** Its translation. */
  readonly targets: readonly number[];
}
