import { checkNumber } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { COMPANION_LEAF, isPenalised, isPruning } from '../../base/technique.ts';
import { CubicPenaltyWeight, linearPenaltyWeight, type PenaltyRamp } from '../../layers/penalty-schedule.ts';
import { GradualPruner, type PrunerState } from '../../layers/pruning/gradual-pruner.ts';
import { gradualSparsity } from '../../layers/pruning/schedule.ts';
import { resNetLearningRate } from '../../models/resnet50/learning-rate.ts';
import {
  adafactorLearningRate,
  legacyLearningRate,
  linearLearningRate,
  transformerLearningRate,
} from '../../models/transformer/learning-rate.ts';
import { type LengthBucket, lengthBuckets } from '../text/length-buckets.ts';
import {
  optionName,
  type ResNetSettings,
  type TrainingSettings,
  type TransformerSettings,
} from './settings.ts';

/** Learning rate of each step. @throws {UsageError} for a schedule that cannot be. */
export function transformerRate(settings: TransformerSettings): (step: number) => number {
  const { learningRateSchedule, warmupSteps, trainSteps } = settings;
  if (learningRateSchedule === 'linear' && warmupSteps >= trainSteps) {
    throw new UsageError(
      `${optionName('warmupSteps')} is ${warmupSteps}; with a linear schedule it must be below ${optionName('trainSteps')}, ${trainSteps}`,
    );
  }
  const rate = rateOf(settings);
  rate(0);
  return rate;
}

function rateOf({
  learningRateSchedule,
  learningRate: rate,
  warmupSteps: warmup,
  hiddenSize: hidden,
  trainSteps: steps,
  optimizer = 'adam',
}: TransformerSettings): (step: number) => number {
  switch (learningRateSchedule) {
    case 'rsqrt':
      return (step) => transformerLearningRate(step, { hidden, warmup, constant: rate });
    case 'rsqrt_decay':
      return (step) => adafactorLearningRate(step, warmup, rate);
    case 'legacy':
      return (step) => legacyLearningRate(step, { hidden, warmup, rate, optimizer });
    case 'linear':
      return (step) => linearLearningRate(step, { rate, warmup, steps });
  }
}

/** Learning rate of each step. @param pictures of the training set @throws {UsageError} for a schedule that cannot be. */
export function resNetRate(settings: ResNetSettings, pictures: number): (step: number) => number {
  const { batchSize: batch, baseLearningRate: base, warmupEpochs, decayEpochs } = settings;
  const rate = (step: number) =>
    resNetLearningRate(step, { batch, base, pictures, warmupEpochs, decayEpochs });
  rate(0);
  return rate;
}

/**
 * Weight of the penalty at each step, which is to be asked for in order; undefined where the technique has none.
 * @throws {UsageError} where the technique needs a weight and there is none, or the other way round, and for a ramp that cannot be.
 */
export function penaltyWeightOf(settings: TrainingSettings): ((step: number) => number) | undefined {
  const { technique, penaltyWeight: weight, penaltyBegin: begin = 0, trainSteps } = settings;
  const { penaltyEnd: end = trainSteps, penaltyFunction = 'linear' } = settings;
  if (!isPenalised(technique)) {
    refuse(settings, [
      'penaltyWeight',
      'penaltyBegin',
      'penaltyEnd',
      'penaltyFunction',
      'initialLogSigma2',
      'initialLogAlpha',
    ]);
    return undefined;
  }
  refuse(settings, [technique === 'variational_dropout' ? 'initialLogAlpha' : 'initialLogSigma2']);
  if (weight === undefined) {
    throw new UsageError(`${technique} needs the weight of its penalty (--penalty-weight), such as 1e-6`);
  }
  const ramp: PenaltyRamp = { weight, begin, end };
  linearPenaltyWeight(0, ramp);
  if (penaltyFunction === 'linear') return (step) => linearPenaltyWeight(step, ramp);
  const cubic = new CubicPenaltyWeight(ramp);
  return (step) => cubic.at(step);
}

/**
 * What the learning rate is multiplied with for a variable; undefined where it is the same for all.
 * @throws {UsageError} for a scale that cannot be, or where the technique trains no variables beside weights.
 */
export function rateScaleOf(settings: TrainingSettings): ((variable: string) => number) | undefined {
  const { technique, auxiliaryRateScale: scale } = settings;
  if (!isPenalised(technique)) {
    refuse(settings, ['auxiliaryRateScale']);
    return undefined;
  }
  if (scale === undefined) return undefined;
  checkNumber(optionName('auxiliaryRateScale'), scale, (value) => value > 0, 'a number above 0');
  const auxiliary = `/${COMPANION_LEAF[technique]}`;
  return (variable) => (variable.endsWith(auxiliary) ? scale : 1);
}

/**
 * What prunes while training; undefined where nothing does, since the technique does not or masks are given.
 * @throws {UsageError} where a target is missing or superfluous, and for a schedule that cannot be.
 */
export function prunerOf(settings: TrainingSettings, resume?: PrunerState): GradualPruner | undefined {
  const { technique, targetSparsity: target, perLayer: layerTargets, seed, loadMasksFrom } = settings;
  if (!isPruning(technique) || loadMasksFrom !== undefined) {
    refuse(settings, [
      'targetSparsity',
      'beginPruningStep',
      'endPruningStep',
      'pruningFrequency',
      'perLayer',
    ]);
    if (!isPruning(technique)) refuse(settings, ['loadMasksFrom', 'initialSparsity']);
    return undefined;
  }
  if (target === undefined) {
    throw new UsageError(`${technique} needs the sparsity to aim at (--target-sparsity), such as 0.9`);
  }
  const { begin, end, frequency } = pruningSteps(settings);
  return new GradualPruner({
    sparsity: { begin, end, target },
    updates: { begin, end, frequency },
    rule: { method: technique === 'random_pruning' ? 'random' : 'magnitude' },
    layerTargets,
    seed,
    resume,
  });
}

/** When masks are made anew: from which step to which, and how many steps lie between. */
export function pruningSteps(settings: TrainingSettings): { begin: number; end: number; frequency: number } {
  const { beginPruningStep: begin = 0, endPruningStep: end = settings.trainSteps } = settings;
  const { pruningFrequency: frequency = Math.max(1, Math.floor((end - begin) / 50)) } = settings;
  return { begin, end, frequency };
}

/** What people should know of when masks are made: that none are, or that they stop short of the target. */
export function pruningNotes(settings: TrainingSettings): string[] {
  const { technique, targetSparsity: target, loadMasksFrom, trainSteps } = settings;
  if (!isPruning(technique) || target === undefined || loadMasksFrom !== undefined) return [];
  const { begin, end, frequency } = pruningSteps(settings);
  const first = Math.max(begin, frequency);
  const latest = Math.min(end, trainSteps - 1);
  if (first > latest) {
    return [
      `nothing will be pruned: masks would be made at step ${first} first, ${latest} is the last for them`,
    ];
  }
  const last = first + Math.floor((latest - first) / frequency) * frequency;
  const reached = gradualSparsity({ begin, end, target }, last);
  if (target - reached < 5e-4) return [];
  const [less, wanted] = [reached, target].map((share) => `${(100 * share).toFixed(1)} %`);
  return [`masks are made at step ${last} for the last time, which drop ${less} of a layer, not ${wanted}`];
}

/** Finds settings that cannot be, as far as they show without data. @throws {UsageError} for the first of them. */
export function checkSchedules(settings: TrainingSettings): void {
  partsOf(settings);
  penaltyWeightOf(settings);
  rateScaleOf(settings);
  prunerOf(settings);
  if (settings.model === 'transformer') {
    transformerRate(settings);
    batchingOf(settings);
  } else resNetRate(settings, settings.batchSize);
}

/** How sentence pairs become batches: those of about one length, or rows of several. */
export type Batching =
  | { readonly buckets: readonly LengthBucket[]; readonly parts: number }
  | { readonly length: number; readonly rows: number; readonly rowsAtOnce: number };

/** Tokens of a row of Tensor2Tensor's packed problems. */
const PACKED_LENGTH = 256;

/**
 * @param arePacked the data are rows already
 * @throws {UsageError} where a batch, or what of it is worked on at once, has no room for a row.
 */
export function batchingOf(settings: TransformerSettings, arePacked = false): Batching {
  const { batchSize: tokens, microBatch = tokens, maxLength: longest, lengthBucketStep: step } = settings;
  const { packedLength: length = arePacked ? PACKED_LENGTH : 0 } = settings;
  const parts = partsOf(settings);
  if (length === 0) return { buckets: lengthBuckets({ tokens, longest, step }), parts };
  if (microBatch < length) {
    const name = optionName(microBatch === tokens ? 'batchSize' : 'microBatch');
    throw new UsageError(
      `${name} ${microBatch} has no room for a row of ${length} tokens; make it larger, or ${optionName('packedLength')} smaller, 0 for no rows`,
    );
  }
  return { length, rows: Math.floor(tokens / length), rowsAtOnce: Math.floor(microBatch / length) };
}

/** In how many parts a batch is worked on. @throws {UsageError} where parts of that size do not make a batch. */
export function partsOf({ batchSize, microBatch = batchSize }: TrainingSettings): number {
  if (batchSize % microBatch !== 0) {
    throw new UsageError(
      `--micro-batch ${microBatch} does not divide --batch-size ${batchSize}; give a number that does`,
    );
  }
  return batchSize / microBatch;
}

/** `--micro-batch` as it is asked for, and all smaller ones that divide the batch, falling. */
export function microBatchSizes({ batchSize, microBatch = batchSize }: TrainingSettings): number[] {
  const sizes = Array.from({ length: microBatch }, (_, i) => microBatch - i);
  return sizes.filter((size) => batchSize % size === 0);
}

/** @throws {UsageError} for the first setting that the technique has no use for. */
function refuse(settings: TrainingSettings, names: readonly (keyof TrainingSettings)[]): void {
  const name = names.find((each) => settings[each] !== undefined);
  if (name === undefined) return;
  const withMasks = settings.loadMasksFrom === undefined ? '' : ' with masks that are given';
  throw new UsageError(`${optionName(name)} is not for ${settings.technique}${withMasks}; leave it out`);
}
