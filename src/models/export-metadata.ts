import { DataError } from '../base/errors.ts';
import type { Technique } from '../base/technique.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../layers/resolve-technique.ts';
import { formatHparams, HPARAMS_FILE, hparamsMetadata, statedHparams } from './hparams.ts';

/** What of a checkpoint is told by its path and the files beside it, not by its variables. */
export interface ExportOptions {
  readonly technique?: Technique | undefined;
  readonly logAlphaThreshold?: number | undefined;
  /** See `appliedCheckpoint`. */
  readonly applyMasks?: boolean | undefined;
}

/**
 * What to keep with a checkpoint that goes to a file of its own, away from its path and from what lies beside it, so that it
 * is read as the same model.
 */
export async function exportMetadata(
  checkpoint: Checkpoint,
  { technique: requested, logAlphaThreshold, applyMasks }: ExportOptions,
): Promise<Record<string, string> & { technique?: Technique }> {
  const technique = applyMasks ? 'dense' : recognised(checkpoint, requested);
  const threshold = resolveLogAlphaThreshold(checkpoint, logAlphaThreshold).value;
  return {
    ...(technique === undefined ? {} : { technique }),
    ...(technique === 'variational_dropout' ? { log_alpha_threshold: `${threshold}` } : {}),
    ...hparamsMetadata(await statedHparams(checkpoint)),
  };
}

/**
 * What goes beside a copy of a checkpoint that keeps no metadata, by file names, so that it is read as the same model: some of it
 * shows in no shape.
 */
export async function exportCompanions(checkpoint: Checkpoint): Promise<ReadonlyMap<string, string>> {
  const stated = formatHparams(await statedHparams(checkpoint));
  return new Map(stated === undefined ? [] : [[HPARAMS_FILE, stated]]);
}

/** undefined for what is of several techniques. */
function recognised(checkpoint: Checkpoint, requested?: Technique): Technique | undefined {
  try {
    return resolveTechnique(checkpoint, requested);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}
