import { DataError } from '../../base/errors.ts';
import { isPruning } from '../../base/technique.ts';
import { trainingStep } from '../../io/checkpoint/checkpoint-directory.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';
import type { PrunerState } from '../../layers/pruning/gradual-pruner.ts';
import { onesIn, type PruningMask } from '../../layers/pruning/mask.ts';
import { sparsifiedMatrices } from '../../layers/sparsity-patterns.ts';
import { FRESH_COUNTERS } from '../../models/fresh/fresh-variable.ts';
import { overlaidCheckpoint } from '../start/overlaid-checkpoint.ts';
import type { TrainingSettings } from './settings.ts';

/** Where a training is that goes on. */
export interface Restored {
  readonly step: number;
  /** The variables, as they were then. */
  readonly start: Checkpoint;
  readonly pruner: PrunerState | undefined;
}

/**
 * Takes up what a checkpoint of the training says.
 * @param start what the training began with, which says what there must be
 * @throws {DataError} where a variable is missing, damaged or of another shape.
 */
export async function restored(
  start: Checkpoint,
  checkpoint: Checkpoint,
  { technique }: TrainingSettings,
): Promise<Restored> {
  const isVariable = (name: string) => start.info(name).dtype === 'float32';
  const overlaid = overlaidCheckpoint(start, [{ from: checkpoint, takes: isVariable }]);
  const taken = new Set(overlaid.taken[0]);
  const missing = start.names().find((name) => isVariable(name) && !taken.has(name));
  if (missing !== undefined) {
    throw new DataError(`lacks ${missing}, so it is of another training`, { file: checkpoint.path });
  }
  const step = await trainingStep(checkpoint);
  const pruner = isPruning(technique)
    ? await prunerState(overlaid.checkpoint, checkpoint, technique)
    : undefined;
  return { step, start: overlaid.checkpoint, pruner };
}

async function prunerState(
  variables: Checkpoint,
  checkpoint: Checkpoint,
  technique: TrainingSettings['technique'],
): Promise<PrunerState> {
  const { data } = await checkpoint.read(FRESH_COUNTERS.lastMaskUpdate.name);
  const lastUpdate = Number(data[0]);
  const masks = new Map<string, PruningMask>();
  // Before the first update everything is kept, and the pruner has no masks yet.
  if (lastUpdate === 0) return { lastUpdate, masks };
  for (const { site } of sparsifiedMatrices(variables, technique)) {
    const [name] = site.companions;
    const mask = (await variables.read(name)).data as Float32Array;
    const [threshold] = await readFiniteFloats(variables, name.replace(/mask$/, 'threshold'), []);
    masks.set(site.weights[0], { mask, kept: onesIn(mask), threshold });
  }
  return { lastUpdate, masks };
}
