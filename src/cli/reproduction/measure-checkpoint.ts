import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { checkpointSparsity } from '../../metrics/sparsity.ts';
import {
  type CheckpointIdentity,
  type CheckpointResult,
  findDifference,
  type Measurement,
  type Quality,
} from '../../results/reproduction/checkpoint-result.ts';
import type { Target } from '../../results/reproduction/target.ts';
import { measureBleu, type TranslationTask } from './measure-bleu.ts';
import { type ClassificationTask, measureTop1 } from './measure-top1.ts';
import type { Measuring } from './measuring.ts';

/** What models are measured on; of one that is left out only sparsity is measured. */
export interface Tasks {
  readonly transformer?: TranslationTask;
  readonly rn50?: ClassificationTask;
}

/** Measures sparsity, and quality where there is a task for the model. */
export async function measureCheckpoint(measuring: Measuring, tasks: Tasks): Promise<Measurement> {
  const { path, sha256, target } = measuring;
  return {
    checkpoint: { path, ...identityOf(target, sha256) },
    sparsity: await measureSparsity(measuring),
    quality: await measureQuality(measuring, tasks),
  };
}

/** Whether a result is of this checkpoint and says all that is asked for. */
export function isMeasured(
  result: CheckpointResult | undefined,
  { target, sha256 }: Pick<Measuring, 'target' | 'sha256'>,
  tasks: Tasks,
): boolean {
  if (result === undefined || 'failure' in result) return false;
  const { checkpoint, quality } = result.measurement;
  const isSame = findDifference(checkpoint, identityOf(target, sha256)) === undefined;
  return isSame && (quality !== null || tasks[target.model] === undefined);
}

function identityOf({ technique, logAlphaThreshold }: Target, sha256: string): CheckpointIdentity {
  return { sha256, technique, threshold: logAlphaThreshold ?? null };
}

async function measureSparsity({ path, target, signal }: Measuring): Promise<Measurement['sparsity']> {
  const { model, technique, logAlphaThreshold } = target;
  const checkpoint = await openCheckpoint(path);
  try {
    signal.throwIfAborted();
    const { nonzero, total } = await checkpointSparsity(checkpoint, { model, technique, logAlphaThreshold });
    return { nonzero, total };
  } finally {
    await checkpoint.close();
  }
}

async function measureQuality(measuring: Measuring, { transformer, rn50 }: Tasks): Promise<Quality | null> {
  if (measuring.target.model === 'transformer') {
    return transformer === undefined ? null : measureBleu(measuring, transformer);
  }
  return rn50 === undefined ? null : measureTop1(measuring, rn50);
}
