import { UsageError } from '../../base/errors.ts';
import { derivedKey, type RandomKey } from '../../base/random.ts';
import { EpochOrder, orderKey } from '../data/permutation.ts';
import type { Corpus } from './corpus.ts';
import type { PackedRows } from './packed-rows.ts';
import { emptyPart, type TextBatch, type TextBatchSource, type TextPart, textBatch } from './text-part.ts';

export interface PackedBatchesOptions {
  /** Tokens that a side of a row has room for. */
  readonly length: number;
  /** Rows of a batch. */
  readonly rows: number;
  /** As many of them at once. */
  readonly rowsAtOnce: number;
  /** Decides on the order. */
  readonly seed: number;
}

/**
 * The batches of a training on packed rows. As in Tensor2Tensor rows are packed once; every epoch has another order of them. Rows
 * that do not fill a batch are left out, others each time.
 */
export class PackedBatches implements TextBatchSource {
  readonly perEpoch: number;
  readonly #corpus: Corpus;
  readonly #rows: PackedRows;
  readonly #options: PackedBatchesOptions;
  readonly #key: RandomKey;
  readonly #order: EpochOrder;

  /** @throws {UsageError} where all rows together fill no batch. */
  constructor(corpus: Corpus, rows: PackedRows, options: PackedBatchesOptions) {
    this.#corpus = corpus;
    this.#rows = rows;
    this.#options = options;
    this.#key = orderKey(options.seed);
    this.#order = new EpochOrder(rows.count);
    this.perEpoch = Math.floor(rows.count / options.rows);
    if (this.perEpoch === 0) {
      throw new UsageError(
        `${rows.count} rows of ${options.length} tokens do not fill a batch of ${options.rows}; make batches smaller or give more text`,
      );
    }
  }

  at(step: number): TextBatch {
    const { rows, rowsAtOnce } = this.#options;
    const first = (step % this.perEpoch) * rows;
    const epoch = Math.floor(step / this.perEpoch);
    const numbers = this.#order.of(epoch, derivedKey(this.#key, epoch)).subarray(first, first + rows);
    const pairsOf = (row: number) => Array.from(this.#rows.row(row), (pair) => this.#corpus.pair(pair));
    return textBatch(Array.from(numbers, pairsOf), this.emptyPart(rowsAtOnce));
  }

  /** A part without rows; all parts are of one shape. */
  emptyPart(rowsAtOnce: number): TextPart {
    return emptyPart({ length: this.#options.length, sentences: rowsAtOnce }, { isPacked: true });
  }
}
