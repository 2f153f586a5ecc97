import { UsageError } from '../../base/errors.ts';
import { Adam } from '../../graph/optimisers/adam.ts';
import { loadVocabulary } from '../../io/text/load-vocabulary.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { freshTransformer } from '../../models/fresh/fresh-transformer.ts';
import { regularization } from '../../models/transformer/dropout.ts';
import { loadTrainableTransformer } from '../../models/transformer/training.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { translationEvaluator } from '../evaluation/translation-evaluator.ts';
import { withInitialValues } from '../start/initial-values.ts';
import { type Corpus, type ReadCorpus, type ReadCorpusOptions, readCorpus } from '../text/corpus.ts';
import { lengthBuckets } from '../text/length-buckets.ts';
import { TextBatches, type TextPart } from '../text/text-batches.ts';
import { transformerTrainee } from '../text/transformer-trainee.ts';
import type { Preparation } from './preparation.ts';
import { checkSchedules, microBatchSizes, partsOf, transformerRate } from './schedules.ts';
import type { TransformerSettings } from './settings.ts';

/**
 * Looks at settings and reads the data of a training of the Transformer.
 * @throws {UsageError} for settings that cannot be.
 * @throws {DataError} for text, a vocabulary or checkpoints that cannot be read, or do not fit each other.
 */
export async function prepareTransformer(
  settings: TransformerSettings,
  options: Pick<ReadCorpusOptions, 'signal' | 'onProgress'> = {},
): Promise<Preparation<TextPart>> {
  const { technique, seed, hiddenSize: hidden, filterSize: filter, numHeads: heads, batchSize } = settings;
  if (hidden % heads !== 0) {
    throw new UsageError(
      `${heads} heads do not divide ${hidden} features; give --num-heads that does, or another --hidden-size`,
    );
  }
  checkSchedules(settings);
  const parts = partsOf(settings);
  const learningRate = transformerRate(settings);
  const { maxLength, lengthBucketStep: step } = settings;
  const buckets = lengthBuckets({ tokens: batchSize, longest: maxLength, step });
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
    const read = await readCorpus(settings, { vocabulary, maxLength, ...options });
    const batches = new TextBatches(read.corpus, { buckets, parts, seed });
    return {
      settings,
      start,
      data: identityOf(read.corpus),
      notes: [...notes, ...leftOut(read, settings)],
      unit: 'tokens',
      batchesPerEpoch: batches.perEpoch,
      learningRate,
      evaluator,
      microBatches: {
        sizes: microBatchSizes(settings),
        largestParts: (size) => batches.largestParts(batchSize / size),
      },
      async batchAt(number) {
        const { parts, tokens } = batches.at(number);
        return { parts, items: tokens };
      },
      optimiser: (scope, updates) => new Adam(scope, { updates }),
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

function identityOf({ pairs, tokens, checksum }: Corpus) {
  return { pairs, tokens, checksum };
}

function leftOut({ corpus, empty, tooLong }: ReadCorpus, { maxLength }: TransformerSettings): string[] {
  const all = corpus.pairs + empty + tooLong;
  return [
    ...(empty > 0 ? [`${empty} of ${all} sentence pairs have an empty side and are left out`] : []),
    ...(tooLong > 0
      ? [`${tooLong} of ${all} sentence pairs are longer than ${maxLength} tokens and are left out`]
      : []),
  ];
}
