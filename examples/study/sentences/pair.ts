/** A text and its translation. */
export interface Pair {
  readonly english: string;
  readonly german: string;
}
