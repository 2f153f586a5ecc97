/** A sentence and its translation, as ids that end with the end of a sentence. */
export interface SentencePair {
  readonly inputs: readonly number[];
  readonly targets: readonly number[];
}
