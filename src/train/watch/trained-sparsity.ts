import { isPruning, type Technique } from '../../base/technique.ts';
import { checkpointSparsity } from '../../metrics/sparsity.ts';
import type { BatchPart } from '../loop/trainee.ts';
import type { Trainer } from '../loop/trainer.ts';
import { currentVariables } from '../state/current-variables.ts';

/** Shares of weights that are dropped. */
export interface TrainedSparsity {
  /** Of all sparsified layers together. */
  readonly sparsity: number;
  /** Of each, by the name that TensorBoard shows. */
  readonly layers: Readonly<Record<string, number>>;
}

/** How sparse a model in training is, as `tsos sparsity` counts; undefined where it is dense. */
export async function trainedSparsity<Part extends BatchPart>(
  trainer: Trainer<Part>,
): Promise<TrainedSparsity | undefined> {
  const { technique } = trainer.trainee;
  if (technique === 'dense') return undefined;
  const layers =
    trainer.masks === undefined ? await counted(trainer) : Object.entries(await trainer.masks.kept());
  const sum = (of: (layer: Kept) => number) => layers.reduce((total, [, layer]) => total + of(layer), 0);
  return {
    sparsity: 1 - sum(({ kept }) => kept) / sum(({ total }) => total),
    layers: Object.fromEntries(
      layers.map(([name, { kept, total }]) => [`${scopeOf(technique)}/${name}/sparsity`, 1 - kept / total]),
    ),
  };
}

interface Kept {
  readonly kept: number;
  readonly total: number;
}

/** Without masks, what is dropped shows in the values. */
async function counted<Part extends BatchPart>(trainer: Trainer<Part>): Promise<[string, Kept][]> {
  const { technique } = trainer.trainee;
  const { layers } = await checkpointSparsity(currentVariables(trainer), { technique });
  return layers.map(({ name, nonzero, total }) => [name, { kept: nonzero, total }]);
}

/** The original's summaries of masks are called so. */
function scopeOf(technique: Technique): string {
  return isPruning(technique) ? 'pruning' : technique;
}
