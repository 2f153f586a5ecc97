import { DataError } from '../../base/errors.ts';
import type { Example } from '../../io/records/example.ts';
import { EOS, PAD } from '../../models/transformer/config.ts';
import type { SentencePair } from './sentence-pair.ts';

/** What a record of Tensor2Tensor's translation problems holds. */
export interface ExamplePairs {
  readonly pairs: readonly SentencePair[];
  /** They share a row. */
  readonly isPacked: boolean;
}

/**
 * The sentence pairs of an example: `inputs` and `targets`, or, packed, several of each, which `<side>_segmentation` numbers from
 * 1 and `<side>_position` counts from 0; zeros between them and behind them are padding.
 * @param vocabulary how many tokens there are
 * @throws {DataError} without a file, where a feature is missing or does not fit the others, a token is not in the vocabulary, or a
 *   sentence does not end as one.
 */
export function pairsOfExample(example: Example, vocabulary: number): ExamplePairs {
  const isPacked = isPackedExample(example);
  const [inputs, targets] = (['inputs', 'targets'] as const).map((side) => {
    const sentences = isPacked ? sentencesOfRow(example, side) : [numbers(example, side)];
    for (const sentence of sentences) checkSentence(side, sentence, vocabulary);
    return sentences;
  });
  if (inputs.length !== targets.length) {
    throw new DataError(`"inputs" has ${inputs.length} segments, "targets" ${targets.length}`);
  }
  return { pairs: inputs.map((sentence, i) => ({ inputs: sentence, targets: targets[i] })), isPacked };
}

/** Whether an example has what only packed ones have. */
export function isPackedExample(example: Example): boolean {
  return [...example.keys()].some((name) => /^(inputs|targets)_(segmentation|position)$/.test(name));
}

function sentencesOfRow(example: Example, side: keyof SentencePair): number[][] {
  const ids = numbers(example, side);
  const [segments, positions] = ['segmentation', 'position'].map((leaf) => {
    const name = `${side}_${leaf}`;
    const found = numbers(example, name);
    if (found.length === ids.length) return found;
    throw new DataError(`"${name}" has ${found.length} numbers, "${side}" ${ids.length}`);
  });
  const sentences: number[][] = [];
  ids.forEach((id, i) => {
    const [segment, position] = [segments[i], positions[i]];
    if (segment === 0 && id === PAD) return;
    if (segment === sentences.length + 1 && position === 0) sentences.push([]);
    const sentence = sentences.at(-1);
    if (sentence === undefined || segment !== sentences.length || position !== sentence.length) {
      throw new DataError(
        `token ${i} of "${side}" has segment ${segment} and position ${position}; segments must count from 1, positions from 0 in each`,
      );
    }
    sentence.push(id);
  });
  return sentences;
}

function checkSentence(side: string, sentence: readonly number[], vocabulary: number): void {
  const wrong = sentence.find((id) => !(id > PAD && id < vocabulary));
  if (wrong !== undefined) {
    throw new DataError(
      `"${side}" has the token ${wrong}, the vocabulary those from ${PAD + 1} to ${vocabulary - 1}; give the vocabulary it was made with`,
    );
  }
  if (sentence.at(-1) !== EOS) {
    throw new DataError(`a sentence of "${side}" does not end with token ${EOS}, the end of a sentence`);
  }
}

function numbers(example: Example, name: string): number[] {
  const feature = example.get(name);
  if (feature === undefined) throw new DataError(`has no feature "${name}"; is it of a translation problem?`);
  if (feature.kind !== 'int64') throw new DataError(`"${name}" is of kind ${feature.kind} instead of int64`);
  return Array.from(feature.values, Number);
}
