import { UsageError } from '../base/errors.ts';
import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../base/numerics.ts';
import { type NamedVariables, recogniseTechnique, type Technique } from '../base/technique.ts';
import { findPublishedName } from './published-name.ts';

/** A log-alpha threshold of variational dropout and what it was taken from. */
export interface LogAlphaThreshold {
  /** Weights with a larger log-alpha are dropped. */
  readonly value: number;
  /** What it was taken from. */
  readonly source: 'option' | 'metadata' | 'published name' | 'default';
}

/**
 * Technique of a checkpoint: the requested one, else what its variables say; its metadata, or a published directory name
 * in its path, tell random pruning from magnitude pruning, which have the same variables.
 *
 * @throws {UsageError} where the checkpoint lacks the variables of the requested technique.
 * @throws {DataError} where it holds those of several techniques and none was requested.
 */
export function resolveTechnique(checkpoint: NamedVariables, requested?: Technique): Technique {
  const technique = recogniseTechnique(checkpoint, requested);
  const mayBeRandom = requested === undefined && technique === 'magnitude_pruning';
  if (!mayBeRandom) return technique;
  const named = checkpoint.metadata?.technique ?? findPublishedName(checkpoint.path)?.technique;
  return named === 'random_pruning' ? 'random_pruning' : technique;
}

/**
 * Threshold on log-alpha above which variational dropout drops a weight: the requested one, else that of the metadata or
 * of a published directory name in the path (the last field of a Transformer's; 0.5 for every ResNet-50), else 3.
 * @throws {UsageError} where the requested one is no finite number.
 */
export function resolveLogAlphaThreshold(
  { path, metadata }: Pick<NamedVariables, 'path' | 'metadata'>,
  requested?: number,
): LogAlphaThreshold {
  if (requested !== undefined) {
    if (!Number.isFinite(requested)) {
      throw new UsageError(`log-alpha threshold ${requested}: must be a finite number`);
    }
    return { value: requested, source: 'option' };
  }
  const kept = Number(metadata?.log_alpha_threshold ?? Number.NaN);
  if (Number.isFinite(kept)) return { value: kept, source: 'metadata' };
  const published = findPublishedName(path);
  if (published?.technique === 'variational_dropout') {
    return { value: published.logAlphaThreshold, source: 'published name' };
  }
  return { value: DEFAULT_LOG_ALPHA_THRESHOLD, source: 'default' };
}
