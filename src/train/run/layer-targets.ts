import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { checkTargets } from '../../layers/pruning/layer-targets.ts';
import { sparsifiedMatrices } from '../../layers/sparsity-patterns.ts';
import type { TrainingSettings } from './settings.ts';

/** @throws {UsageError} for a target that is for no layer of the model, and where several are for one. */
export function checkLayerTargets({ perLayer = [], technique }: TrainingSettings, start: Checkpoint): void {
  if (perLayer.length === 0) return;
  const layers = sparsifiedMatrices(start, technique).map(({ site }) => site.weights[0]);
  checkTargets(perLayer, layers);
}
