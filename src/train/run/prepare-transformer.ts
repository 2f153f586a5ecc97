import { UsageError } from '../../base/errors.ts';
import { Adafactor } from '../../graph/optimisers/adafactor.ts';
import { Adam } from '../../graph/optimisers/adam.ts';
import { loadVocabulary } from '../../io/text/load-vocabulary.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { freshTransformer } from '../../models/fresh/fresh-transformer.ts';
import { regularization } from '../../models/transformer/dropout.ts';
import { loadTrainableTransformer } from '../../models/transformer/training.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { translationEvaluator } from '../evaluation/translation-evaluator.ts';
import { withInitialValues } from '../start/initial-values.ts';
import type { ReadCorpusOptions } from '../text/corpus.ts';
import type { TextPart } from '../text/text-part.ts';
import { transformerTrainee } from '../text/transformer-trainee.ts';
import { checkLayerTargets } from './layer-targets.ts';
import type { Preparation } from './preparation.ts';
import { checkSchedules, pruningNotes, rateScaleOf, transformerRate } from './schedules.ts';
import type { TransformerSettings } from './settings.ts';
import { openTextData } from './text-data.ts';

/**
 * Looks at settings and reads the data of a training of the Transformer.
 * @throws {UsageError} for settings that cannot be.
 * @throws {DataError} for text, a vocabulary or checkpoints that cannot be read, or do not fit each other.
 */
export async function prepareTransformer(
  settings: TransformerSettings,
  options: Pick<ReadCorpusOptions, 'signal' | 'onProgress'> = {},
): Promise<Preparation<TextPart>> {
  const { technique, seed, hiddenSize: hidden, filterSize: filter, numHeads: heads } = settings;
  if (hidden % heads !== 0) {
    throw new UsageError(
      `${heads} heads do not divide ${hidden} features; give --num-heads that does, or another --hidden-size`,
    );
  }
  checkSchedules(settings);
  const learningRate = transformerRate(settings);
  const rateScale = rateScaleOf(settings);
  const { dropout, labelSmoothing } = regularization(settings.regularization);
  const vocabulary = await loadVocabulary(settings.vocab);
  const size = { hidden, filter, layers: settings.numHiddenLayers, vocabulary: vocabulary.size };
  const { initialSparsity, initialLogSigma2, initialLogAlpha } = settings;
  const fresh = freshTransformer({
    technique,
    size,
    seed,
    initialSparsity,
    initialLogSigma2,
    initialLogAlpha,
  });
  const evaluator = await evaluatorOf(settings, vocabulary);
  const { start, notes, close } = await withInitialValues(fresh, settings);
  try {
    checkLayerTargets(settings, start);
    const {
      batches,
      microBatches,
      identity,
      notes: notesOfData,
    } = await openTextData(settings, { vocabulary, ...options });
    return {
      settings,
      start,
      data: identity,
      notes: [...notes, ...pruningNotes(settings), ...notesOfData],
      unit: 'tokens',
      batchesPerEpoch: batches.perEpoch,
      learningRate,
      evaluator,
      microBatches,
      async batchAt(number) {
        const { parts, tokens } = batches.at(number);
        return { parts, items: tokens };
      },
      optimiser(scope, updates) {
        const Rule = settings.optimizer === 'adafactor' ? Adafactor : Adam;
        return new Rule(scope, { updates, rateScale });
      },
      async load(scope, from) {
        const model = await loadTrainableTransformer(scope, from, { technique, heads });
        const training = { labelSmoothing, dropout, clipAlpha: settings.clipLogAlpha };
        return transformerTrainee(scope.gpu, model, training);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws {UsageError} where there is only half of what an evaluation needs. */
async function evaluatorOf(
  { technique, numHeads: heads, evalEvery, evalInputs: inputs, evalTargets: targets }: TransformerSettings,
  vocabulary: Vocabulary,
): Promise<Evaluator | undefined> {
  if (inputs !== undefined && targets !== undefined) {
    return translationEvaluator({ inputs, targets }, { vocabulary, technique, heads });
  }
  if (inputs === undefined && targets === undefined && evalEvery === undefined) return undefined;
  throw new UsageError('to evaluate on the way, give both --eval-inputs and --eval-targets');
}
