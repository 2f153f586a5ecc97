import { DataError } from '../../base/errors.ts';
import type { Technique } from '../../base/technique.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { bleu } from '../../metrics/bleu/bleu.ts';
import { loadTransformer } from '../../models/transformer/model.ts';
import { translateLines } from '../../models/transformer/translate-lines.ts';
import { linePairs, type ParallelText, requireAsMany } from '../text/parallel-text.ts';
import type { Evaluator } from './evaluator.ts';

/** What a Transformer is measured with. */
export interface TranslationEvaluatorOptions {
  readonly vocabulary: Vocabulary;
  readonly technique: Technique;
  readonly heads: number;
}

/** Both sides are raw text. */
const METHOD = '13a';

/**
 * Measures `bleu` (sacreBLEU's 13a) and `exactMatch`, the share of sentences that are translated word by word as they should,
 * with the beam of `tsos translate`.
 * @throws {UsageError} where there are more or fewer files of one side.
 * @throws {DataError} where a file cannot be read, two files have not as many lines, or there is none.
 */
export async function translationEvaluator(
  text: ParallelText,
  { vocabulary, technique, heads }: TranslationEvaluatorOptions,
): Promise<Evaluator> {
  requireAsMany(text);
  const sources: string[] = [];
  const references: string[] = [];
  for (const [i, file] of text.inputs.entries()) {
    for await (const [source, reference] of linePairs(file, text.targets[i])) {
      sources.push(source);
      references.push(reference.trim());
    }
  }
  if (sources.length === 0) throw new DataError('has no sentence to evaluate with', { file: text.inputs[0] });
  return {
    async evaluate(gpu, variables, { logAlphaThreshold } = {}) {
      using model = await loadTransformer(gpu, variables, { technique, heads, logAlphaThreshold });
      const lines = await translateLines(model, vocabulary, sources);
      const translations = lines.map(({ translation }) => translation);
      const exact = translations.filter((translation, i) => translation === references[i]).length;
      return {
        bleu: bleu(translations, [references], { method: METHOD }).score,
        exactMatch: exact / references.length,
      };
    },
  };
}
