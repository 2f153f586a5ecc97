import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Technique } from '../../../src/base/technique.ts';
import { buildVocabulary, countWords, formatVocabulary } from '../../../src/io/text/build-vocabulary.ts';
import { RESNET_PRESETS, TRANSFORMER_PRESETS } from '../../../src/train/run/presets.ts';
import {
  optionName,
  type ResNetSettings,
  type TrainingSettings,
  type TransformerSettings,
} from '../../../src/train/run/settings.ts';
import { makeShards } from '../../io/pictures/made-pictures.ts';
import { below, randomFrom } from '../../support/random.ts';

/** What each technique is told beside what all are. */
export const TECHNIQUE_SETTINGS: Readonly<Record<Technique, Partial<TransformerSettings>>> = {
  dense: {},
  magnitude_pruning: {
    targetSparsity: 0.8,
    beginPruningStep: 1,
    endPruningStep: 9,
    pruningFrequency: 2,
    perLayer: [{ layer: 'symbol_modality', sparsity: 0.5 }],
  },
  random_pruning: { targetSparsity: 0.6, beginPruningStep: 1, endPruningStep: 9, pruningFrequency: 2 },
  variational_dropout: { penaltyWeight: 1e-4, penaltyBegin: 2, penaltyEnd: 8, penaltyFunction: 'cubic' },
  l0_regularization: { penaltyWeight: 1e-4, penaltyBegin: 2, penaltyEnd: 8, auxiliaryRateScale: 4 },
};

/** Settings of a training on texts. */
export type TextSettings = TransformerSettings & Readonly<Record<'inputs' | 'targets', readonly string[]>>;

/** Writes text whose translation is its words in capitals, and a vocabulary; gives the settings of a training of seconds. */
export async function smallTransformer(
  directory: string,
  technique: Technique,
  others: Partial<TransformerSettings> = {},
): Promise<TextSettings> {
  const [inputs, targets, vocab] = ['inputs', 'targets', 'vocabulary'].map((name) => join(directory, name));
  const random = randomFrom(7);
  const words = ['one', 'two', 'three', 'four', 'five', 'six'];
  const lines = Array.from({ length: 60 }, () =>
    Array.from({ length: 1 + below(random, 5) }, () => words[below(random, words.length)]).join(' '),
  );
  const upper = lines.map((line) => line.toUpperCase());
  const counts = new Map<string, number>();
  for (const line of [...lines, ...upper]) countWords(counts, line);
  await writeFile(vocab, formatVocabulary(buildVocabulary(counts, { size: 60 })));
  await writeFile(inputs, `${lines.join('\n')}\n`);
  await writeFile(targets, `${upper.join('\n')}\n`);
  return {
    ...TRANSFORMER_PRESETS.small,
    technique,
    seed: 3,
    inputs: [inputs],
    targets: [targets],
    vocab,
    trainSteps: 12,
    batchSize: 48,
    maxLength: 24,
    packedLength: 0,
    hiddenSize: 8,
    filterSize: 16,
    numHeads: 2,
    regularization: 'dropout+label_smoothing',
    learningRate: 0.02,
    warmupSteps: 3,
    checkpointEvery: 4,
    logEvery: 1,
    ...TECHNIQUE_SETTINGS[technique],
    ...others,
  } as TextSettings;
}

/** Writes pictures; gives the settings of a training of seconds on them. */
export async function smallResNet(
  directory: string,
  technique: Technique,
  others: Partial<ResNetSettings> = {},
): Promise<ResNetSettings> {
  await makeShards(directory, [10], [], 'train');
  return {
    ...RESNET_PRESETS.small,
    technique,
    seed: 3,
    data: [directory],
    trainSteps: 8,
    batchSize: 4,
    microBatch: 2,
    width: 2,
    numClasses: 10,
    imageSize: 8,
    checkpointEvery: 3,
    logEvery: 1,
    ...(TECHNIQUE_SETTINGS[technique].penaltyWeight === undefined
      ? {}
      : { penaltyWeight: 1e-6, penaltyBegin: 2, penaltyEnd: 6 }),
    ...(TECHNIQUE_SETTINGS[technique].targetSparsity === undefined
      ? {}
      : { targetSparsity: 0.7, beginPruningStep: 1, endPruningStep: 5, pruningFrequency: 2 }),
    ...others,
  };
}

/** The options of the command line that say the same. */
export function optionsOf(settings: TrainingSettings): string[] {
  return Object.entries(settings)
    .filter(([name]) => name !== 'model')
    .flatMap(([name, value]) => {
      const option = optionName(name);
      if (name === 'decayEpochs') return [option, String(value)];
      if (name === 'perLayer') {
        return (value as NonNullable<TransformerSettings['perLayer']>).flatMap(({ layer, sparsity }) => [
          option,
          `${layer}:${sparsity}`,
        ]);
      }
      return [option, ...[value].flat().map(String)];
    });
}
