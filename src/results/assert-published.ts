import { DataError } from '../base/errors.ts';
import { recogniseTechnique, type Technique } from '../base/technique.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import { checkpointSparsity } from '../metrics/sparsity.ts';
import type { PublishedCheckpoint } from './catalogue.ts';

/** What is known of a checkpoint before it is seen. */
export type Expected = Pick<
  PublishedCheckpoint,
  'name' | 'model' | 'technique' | 'keptWeights' | 'totalWeights' | 'logAlphaThreshold'
>;

/** Of the share of zeros. Levels that were published lie at least 0.015 apart, and logarithms move single weights. */
const SPARSITY_TOLERANCE = 0.005;

/**
 * Makes sure that a checkpoint is the one that it is taken for, as far as names, shapes and sparsity tell: random pruning has the
 * variables of magnitude pruning.
 * @throws {DataError} where it is another.
 */
export async function assertPublished(checkpoint: Checkpoint, expected: Expected): Promise<void> {
  const { name, model, technique, keptWeights, totalWeights, logAlphaThreshold } = expected;
  const refuse = (reason: string) => {
    throw new DataError(
      `is not ${name}: ${reason}; what is published elsewhere needs a catalogue of its own`,
      {
        file: checkpoint.path,
      },
    );
  };
  const found = recogniseTechnique(checkpoint);
  if (found !== variablesOf(technique)) refuse(`its variables are those of ${found}, not of ${technique}`);
  const { total, sparsity } = await checkpointSparsity(checkpoint, { model, technique, logAlphaThreshold });
  if (total !== totalWeights) {
    refuse(`its sparsified layers have ${total} weights together, not ${totalWeights}`);
  }
  const wanted = 1 - keptWeights / totalWeights;
  if (Math.abs(sparsity - wanted) > SPARSITY_TOLERANCE) {
    refuse(`${(100 * sparsity).toFixed(2)} % of its weights are zero, not ${(100 * wanted).toFixed(2)} %`);
  }
}

/** The technique that names of variables tell. */
function variablesOf(technique: Technique): Technique {
  return technique === 'random_pruning' ? 'magnitude_pruning' : technique;
}
