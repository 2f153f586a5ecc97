import { UsageError } from '../../base/errors.ts';
import { parsePublishedName } from '../../layers/published-name.ts';
import type { ModelKind } from '../../models/model-kind.ts';
import type { Regularization } from '../../models/transformer/dropout.ts';
import { TRANSFORMER_PRESETS } from './presets.ts';
import type { ResNetSettings, TransformerSettings } from './settings.ts';

/**
 * Settings by which a published checkpoint was trained, as its name says them: technique, targets, schedule, regularisation; and,
 * the same for all Transformers, optimiser and learning rate. The others are those of the preset `paper`.
 * @throws {UsageError} for a name that no checkpoint of the model has.
 */
export function settingsOfPublished(
  name: string,
  model: ModelKind,
): Partial<TransformerSettings> | Partial<ResNetSettings> {
  const published = parsePublishedName(name);
  if (published === undefined || published.model !== model) {
    throw new UsageError(
      `"${name}" is the name of no published checkpoint of ${model}; "tsos list" has those there are`,
    );
  }
  const { technique, labelSmoothing } = published;
  const pruning =
    'beginStep' in published
      ? {
          targetSparsity: published.sparsity,
          beginPruningStep: published.beginStep,
          endPruningStep: published.endStep,
          pruningFrequency: published.frequency,
        }
      : {};
  if (published.model === 'transformer') {
    const ramp =
      'weightFunction' in published
        ? {
            penaltyWeight: published.lossWeight,
            penaltyBegin: published.rampStart,
            penaltyEnd: published.rampStart + published.rampSteps,
            penaltyFunction: published.weightFunction,
          }
        : {};
    return {
      technique,
      ...pruning,
      ...ramp,
      ...ADAM_OF_SPARSE_SETS,
      regularization: presetOf(published.dropout, labelSmoothing),
    };
  }
  const ramp =
    'rampEnd' in published
      ? {
          penaltyWeight: published.lossWeight,
          penaltyBegin: published.rampStart,
          penaltyEnd: published.rampEnd,
          penaltyFunction: 'linear' as const,
        }
      : {};
  const isExtended = 'schedule' in published && published.schedule === 'extended';
  return {
    technique,
    labelSmoothing,
    ...pruning,
    ...ramp,
    ...(isExtended ? extended(published.sparsity) : {}),
  };
}

/** Of all sets that the published Transformers were trained by. */
const { learningRateSchedule, learningRate, warmupSteps } = TRANSFORMER_PRESETS.paper;
const ADAM_OF_SPARSE_SETS = { optimizer: 'adam', learningRateSchedule, learningRate, warmupSteps } as const;

/** The original's preset of a pair of rates. */
function presetOf(dropout: number, labelSmoothing: number): Regularization {
  if (dropout > 0) return 'dropout+label_smoothing';
  return labelSmoothing > 0 ? 'label_smoothing' : 'none';
}

/** What the extended runs have beside the standard ones: 1.5 times the steps, the first layer dense, the last at most 80 % sparse. */
function extended(sparsity: number): Partial<ResNetSettings> {
  return {
    trainSteps: 192_000,
    decayEpochs: [45, 90, 120],
    denseLayers: ['initial_conv'],
    perLayer: [{ layer: 'final_dense', sparsity: Math.min(0.8, sparsity) }],
  };
}
