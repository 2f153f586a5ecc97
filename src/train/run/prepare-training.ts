import type { BatchPart } from '../loop/trainee.ts';
import type { ReadCorpusOptions } from '../text/corpus.ts';
import type { Preparation } from './preparation.ts';
import { type PrepareResNetOptions, prepareResNet } from './prepare-resnet.ts';
import { prepareTransformer } from './prepare-transformer.ts';
import type { TrainingSettings } from './settings.ts';

/** How the data of a training of either model are read. */
export type PrepareTrainingOptions = PrepareResNetOptions & Pick<ReadCorpusOptions, 'signal'>;

/** Looks at settings and finds the data, of whichever model they are for. Throws as `prepareTransformer` and `prepareResNet`. */
export function prepareTraining(
  settings: TrainingSettings,
  options: PrepareTrainingOptions = {},
): Promise<Preparation<BatchPart>> {
  const preparation =
    settings.model === 'transformer'
      ? prepareTransformer(settings, options)
      : prepareResNet(settings, options);
  return preparation as Promise<Preparation<BatchPart>>;
}
