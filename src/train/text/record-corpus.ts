import { DataError } from '../../base/errors.ts';
import { placed } from '../../io/bytes/place.ts';
import { decodeExample, type Example } from '../../io/records/example.ts';
import { readTfRecords } from '../../io/records/tfrecord.ts';
import { Corpus, type ReadCorpus, type ReadCorpusOptions } from './corpus.ts';
import { isPackedExample, pairsOfExample } from './example-pairs.ts';
import { PackedRows } from './packed-rows.ts';
import type { SentencePair } from './sentence-pair.ts';

/** How records become pairs. */
export interface ReadRecordsOptions extends Omit<ReadCorpusOptions, 'vocabulary' | 'maxLength'> {
  /** How many tokens it has. */
  readonly vocabulary: { readonly size: number };
  /** Tokens of the longer side of a pair, or of a row of packed records; longer pairs are left out, longer rows are an error. */
  readonly maxLength: number;
  /** Records are packed, and are to stay so. */
  readonly keepRows: boolean;
}

/** Whether files have packed records, by the first. @throws {DataError} where there is none, or it cannot be read. */
export async function arePackedRecords(files: readonly string[]): Promise<boolean> {
  for await (const { example } of examples(files)) return isPackedExample(example);
  throw new DataError('has no record to train on', { file: files[0] });
}

/**
 * Reads TFRecord files with Tensor2Tensor's examples of translation, packed or not.
 * @throws {DataError} naming file and record, where one is damaged or no such example, packed ones are mixed with others, a row is too
 *   long, or nothing is left.
 */
export async function readRecordCorpus(
  files: readonly string[],
  { vocabulary, maxLength, keepRows, signal, onProgress = () => {} }: ReadRecordsOptions,
): Promise<ReadCorpus & { readonly rows: PackedRows | undefined }> {
  const counts: number[] = [];
  let [read, tooLong] = [0, 0];
  let packed: boolean | undefined;
  async function* pairs(): AsyncGenerator<SentencePair> {
    for await (const { example, where } of examples(files)) {
      signal?.throwIfAborted();
      if (++read % 10_000 === 0) onProgress(read);
      const found = placed(where, where.record, () => pairsOfExample(example, vocabulary.size));
      packed ??= found.isPacked;
      if (found.isPacked !== packed) {
        const reason = packed ? 'is not packed, those before are' : 'is packed, those before are not';
        throw new DataError(`${where.record}: ${reason}; give files of one kind`, where);
      }
      if (keepRows) {
        counts.push(found.pairs.length);
        requireRoom(found.pairs, maxLength, where);
        yield* found.pairs;
      } else {
        for (const pair of found.pairs) {
          if (Math.max(pair.inputs.length, pair.targets.length) <= maxLength) yield pair;
          else tooLong++;
        }
      }
    }
  }
  const corpus = await Corpus.of(pairs());
  if (corpus.pairs === 0) {
    throw new DataError(`has nothing to train on: of ${read} records no pair is within ${maxLength} tokens`, {
      file: files[0],
    });
  }
  return { corpus, empty: 0, tooLong, rows: keepRows ? PackedRows.inOrder(counts) : undefined };
}

/** Where an example was read. */
interface Place {
  readonly file: string;
  readonly offset: number;
  readonly record: string;
}

async function* examples(files: readonly string[]): AsyncGenerator<{ example: Example; where: Place }> {
  for (const file of files) {
    for await (const { index, offset, read } of readTfRecords(file)) {
      const data = await read();
      const where = { file, offset, record: `record ${index}` };
      const example = placed(where, `${where.record} is no tf.train.Example`, () => decodeExample(data));
      yield { example, where };
    }
  }
}

function requireRoom(pairs: readonly SentencePair[], length: number, where: Place): void {
  const sides = (['inputs', 'targets'] as const).map((side) =>
    pairs.reduce((sum, pair) => sum + pair[side].length, 0),
  );
  const longest = Math.max(...sides);
  if (longest <= length) return;
  throw new DataError(
    `${where.record}: its row has ${longest} tokens, rows have room for ${length}; give --packed-length ${longest} or more`,
    where,
  );
}
