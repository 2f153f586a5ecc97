import type { Vocabulary } from '../../io/text/subwords.ts';
import type { MicroBatches } from '../loop/device-room.ts';
import { type ReadCorpus, type ReadCorpusOptions, readCorpus } from '../text/corpus.ts';
import { PackedBatches } from '../text/packed-batches.ts';
import { PackedRows } from '../text/packed-rows.ts';
import { TextBatches } from '../text/text-batches.ts';
import type { TextBatchSource, TextPart } from '../text/text-part.ts';
import type { DataIdentity } from './preparation.ts';
import { batchingOf, microBatchSizes } from './schedules.ts';
import type { TransformerSettings } from './settings.ts';

/** What a Transformer is trained on. */
export interface TextData {
  readonly batches: TextBatchSource;
  /** How much of a batch the device could work on at once. */
  readonly microBatches: MicroBatches<TextPart>;
  readonly identity: DataIdentity;
  readonly notes: readonly string[];
}

/**
 * Reads the sentence pairs of a training, and says how they become batches.
 * @throws {UsageError} where they fill no batch.
 * @throws {DataError} where they cannot be read, or there are none.
 */
export async function openTextData(
  settings: TransformerSettings,
  options: Pick<ReadCorpusOptions, 'signal' | 'onProgress'> & { readonly vocabulary: Vocabulary },
): Promise<TextData> {
  const { maxLength, seed } = settings;
  const batching = batchingOf(settings);
  const longest = 'length' in batching ? Math.min(maxLength, batching.length) : maxLength;
  const read = await readCorpus(settings, { ...options, maxLength: longest });
  const { pairs, tokens, checksum } = read.corpus;
  const identity = { pairs, tokens, checksum };
  const notes = leftOut(read, longest);
  const sizes = microBatchSizes(settings);
  if ('buckets' in batching) {
    const batches = new TextBatches(read.corpus, { ...batching, seed });
    const largestParts = (size: number) => batches.largestParts(settings.batchSize / size);
    return { batches, microBatches: { sizes, largestParts }, identity, notes };
  }
  const { length } = batching;
  const rows = PackedRows.packed(read.corpus, length);
  const batches = new PackedBatches(read.corpus, rows, { ...batching, seed });
  const filled = ((50 * tokens) / (rows.count * length)).toFixed(1);
  return {
    batches,
    microBatches: {
      sizes: sizes.filter((size) => size >= length),
      largestParts: (size) => [batches.emptyPart(Math.floor(size / length))],
    },
    identity,
    notes: [...notes, `packed into ${rows.count} rows of ${length} tokens, which they fill to ${filled} %`],
  };
}

function leftOut({ corpus, empty, tooLong }: ReadCorpus, longest: number): string[] {
  const all = corpus.pairs + empty + tooLong;
  return [
    ...(empty > 0 ? [`${empty} of ${all} sentence pairs have an empty side and are left out`] : []),
    ...(tooLong > 0
      ? [`${tooLong} of ${all} sentence pairs are longer than ${longest} tokens and are left out`]
      : []),
  ];
}
