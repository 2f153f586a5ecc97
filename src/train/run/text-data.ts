import { UsageError } from '../../base/errors.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import type { MicroBatches } from '../loop/device-room.ts';
import { type ReadCorpus, type ReadCorpusOptions, readCorpus } from '../text/corpus.ts';
import { PackedBatches } from '../text/packed-batches.ts';
import { PackedRows } from '../text/packed-rows.ts';
import type { ParallelText } from '../text/parallel-text.ts';
import { arePackedRecords, readRecordCorpus } from '../text/record-corpus.ts';
import { trainingRecordFiles } from '../text/record-files.ts';
import { TextBatches } from '../text/text-batches.ts';
import type { TextBatchSource, TextPart } from '../text/text-part.ts';
import type { DataIdentity } from './preparation.ts';
import { type Batching, batchingOf, microBatchSizes } from './schedules.ts';
import { type TransformerSettings, textFlaw } from './settings.ts';

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
 * @throws {UsageError} where there are texts and records, or neither, or they fill no batch.
 * @throws {DataError} where they cannot be read, or there are none.
 */
export async function openTextData(
  settings: TransformerSettings,
  options: Pick<ReadCorpusOptions, 'signal' | 'onProgress'> & { readonly vocabulary: Vocabulary },
): Promise<TextData> {
  const { seed } = settings;
  const source = await sourceOf(settings);
  const arePacked = source.kind === 'records' && (await arePackedRecords(source.files));
  const batching = batchingOf(settings, arePacked);
  const longest = longestOf(settings, batching, arePacked);
  const read: ReadCorpus & { readonly rows?: PackedRows | undefined } =
    source.kind === 'texts'
      ? await readCorpus(source, { ...options, maxLength: longest })
      : await readRecordCorpus(source.files, {
          ...options,
          maxLength: longest,
          keepRows: arePacked && 'length' in batching,
        });
  const { pairs, tokens, checksum } = read.corpus;
  const notes = leftOut(read, longest);
  const sizes = microBatchSizes(settings);
  if ('buckets' in batching) {
    const batches = new TextBatches(read.corpus, { ...batching, seed });
    const largestParts = (size: number) => batches.largestParts(settings.batchSize / size);
    return { batches, microBatches: { sizes, largestParts }, identity: { pairs, tokens, checksum }, notes };
  }
  const { length } = batching;
  const rows = read.rows ?? PackedRows.packed(read.corpus, length);
  const batches = new PackedBatches(read.corpus, rows, { ...batching, seed });
  const filled = ((50 * tokens) / (rows.count * length)).toFixed(1);
  return {
    batches,
    microBatches: {
      sizes: sizes.filter((size) => size >= length),
      largestParts: (size) => [batches.emptyPart(Math.floor(size / length))],
    },
    identity: { pairs, tokens, checksum, rows: rows.count, packing: rows.checksum },
    notes: [...notes, `packed into ${rows.count} rows of ${length} tokens, which they fill to ${filled} %`],
  };
}

type Source =
  | ({ readonly kind: 'texts' } & ParallelText)
  | { readonly kind: 'records'; readonly files: readonly string[] };

/** @throws {UsageError} where there are texts and records, or neither. */
async function sourceOf(settings: TransformerSettings): Promise<Source> {
  const flaw = textFlaw(settings);
  if (flaw !== undefined) throw new UsageError(flaw);
  const { inputs = [], targets = [], data } = settings;
  if (data === undefined) return { kind: 'texts', inputs, targets };
  return { kind: 'records', files: await trainingRecordFiles(data) };
}

/** Tokens of the longest sentence; of rows that are packed already, as in Tensor2Tensor, only the row bounds them. */
function longestOf({ maxLength }: TransformerSettings, batching: Batching, arePacked: boolean): number {
  if ('buckets' in batching) return maxLength;
  return arePacked ? batching.length : Math.min(maxLength, batching.length);
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
