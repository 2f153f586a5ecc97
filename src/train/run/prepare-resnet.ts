import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { Nesterov } from '../../graph/optimisers/nesterov.ts';
import { requireSameClasses } from '../../io/pictures/class-folders.ts';
import { type OpenedPictures, openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { freshResNet } from '../../models/fresh/fresh-resnet.ts';
import { checkImageSize } from '../../models/resnet50/config.ts';
import { loadTrainableResNet } from '../../models/resnet50/training.ts';
import { pictureEvaluator } from '../evaluation/picture-evaluator.ts';
import { openTrainingPictures } from '../pictures/open-training-pictures.ts';
import { PictureBatches, type PicturePart } from '../pictures/picture-batches.ts';
import { resNetTrainee } from '../pictures/resnet-trainee.ts';
import { withInitialValues } from '../start/initial-values.ts';
import { checkLayerTargets } from './layer-targets.ts';
import type { Preparation } from './preparation.ts';
import {
  checkSchedules,
  microBatchSizes,
  partsOf,
  pruningNotes,
  rateScaleOf,
  resNetRate,
} from './schedules.ts';
import type { ResNetSettings } from './settings.ts';

/** How pictures are decoded. */
export interface PrepareResNetOptions {
  /** Threads that decode; 0 for the calling one. */
  readonly workers?: number | undefined;
  /** Told where threads cannot be started. */
  readonly onWorkersUnavailable?: ((cause: Error) => void) | undefined;
}

/**
 * Looks at settings and finds the data of a training of a residual network.
 * @throws {UsageError} for settings that cannot be.
 * @throws {DataError} for pictures or checkpoints that cannot be read, or do not fit the network.
 */
export async function prepareResNet(
  settings: ResNetSettings,
  options: PrepareResNetOptions = {},
): Promise<Preparation<PicturePart>> {
  const { technique, seed, imageSize, batchSize, numClasses, labelSmoothing, weightDecay } = settings;
  checkImageSize(imageSize);
  const { leastCropArea: leastArea = 1, mirroredShare: mirrored = 0 } = settings;
  checkNumber('--least-crop-area', leastArea, (share) => share > 0 && share <= 1, 'a share above 0, up to 1');
  checkNumber('--mirrored-share', mirrored, (share) => share >= 0 && share <= 1, 'a share from 0 to 1');
  checkSchedules(settings);
  const rateScale = rateScaleOf(settings);
  const parts = partsOf(settings);
  const { initialSparsity, initialLogSigma2, initialLogAlpha, denseLayers } = settings;
  const fresh = freshResNet({
    technique,
    size: { depth: settings.resnetDepth, width: settings.width, classes: numClasses },
    seed,
    initialSparsity,
    initialLogSigma2,
    initialLogAlpha,
    denseLayers,
  });
  const evaluation = await openEvaluation(settings);
  const evaluator =
    evaluation && (await pictureEvaluator(evaluation, { technique, imageSize, workers: options.workers }));
  const initial = await withInitialValues(fresh, settings);
  try {
    checkLayerTargets(settings, initial.start);
    const source = await openTrainingPictures(settings);
    requireSameClasses(source, evaluation);
    const files = await pictureSetDigest(source);
    const batches = await PictureBatches.open(source, {
      pictures: batchSize,
      parts,
      size: imageSize,
      classes: numClasses,
      leastArea: settings.leastCropArea,
      mirrored: settings.mirroredShare,
      seed,
      ...options,
    });
    return {
      settings,
      start: initial.start,
      data: { pictures: batches.pictures, files },
      notes: [...initial.notes, ...pruningNotes(settings), ...source.notes],
      unit: 'pictures',
      batchesPerEpoch: batches.perEpoch,
      learningRate: resNetRate(settings, batches.pictures),
      evaluator,
      microBatches: {
        sizes: microBatchSizes(settings),
        largestParts: (size) => batches.largestParts(batchSize / size),
      },
      async batchAt(step) {
        return { parts: await batches.at(step), items: batchSize };
      },
      optimiser: (scope) => new Nesterov(scope, { rateScale }),
      async load(scope, from) {
        const model = await loadTrainableResNet(scope, from, { technique, imageSize });
        const training = { labelSmoothing, weightDecay, clipAlpha: settings.clipLogAlpha };
        return resNetTrainee(scope.gpu, { model, start: from }, training);
      },
      async close() {
        await batches.close();
        await initial.close();
      },
    };
  } catch (error) {
    await initial.close();
    throw error;
  }
}

/** @throws {UsageError} where nothing was given to evaluate with every so many steps. */
async function openEvaluation({ evalEvery, evalData }: ResNetSettings): Promise<OpenedPictures | undefined> {
  if (evalData !== undefined) return openPictures(evalData);
  if (evalEvery === undefined) return undefined;
  throw new UsageError('to evaluate on the way, give --eval-data');
}
