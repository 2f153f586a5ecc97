import { checkNumber } from '../../base/check-arguments.ts';
import type { PackedRow, PackedSide } from '../../models/transformer/packed-row.ts';
import { OpenRows } from './open-rows.ts';
import type { SentencePair } from './sentence-pair.ts';

/** How rows are filled. */
export interface PackOptions {
  /** Tokens that a side of a row has room for; 256 in the original. */
  readonly length: number;
  /** Told of pairs that are longer than a row, which are left out. */
  readonly onTooLong?: ((pair: SentencePair) => void) | undefined;
}

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
  const open = new OpenRows<SentencePair>(length);
  for await (const pair of pairs) {
    const { inputs, targets } = pair;
    if (Math.max(inputs.length, targets.length) > length) {
      onTooLong(pair);
      continue;
    }
    const full = open.add(pair, [inputs.length, targets.length]);
    if (full !== undefined) yield packedRow(full);
  }
  for (const row of open.rest()) yield packedRow(row);
}

/** The row of pairs, in their order. */
export function packedRow(pairs: readonly SentencePair[]): PackedRow {
  return {
    inputs: packedSide(pairs.map(({ inputs }) => inputs)),
    targets: packedSide(pairs.map(({ targets }) => targets)),
  };
}

function packedSide(sentences: readonly (readonly number[])[]): PackedSide {
  return {
    ids: sentences.flat(),
    segments: sentences.flatMap((ids, i) => ids.map(() => i + 1)),
    positions: sentences.flatMap((ids) => ids.map((_, position) => position)),
  };
}
