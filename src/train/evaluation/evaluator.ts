import type { Gpu } from '../../graph/device/gpu.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';

/** What an evaluation found, by name: BLEU in its points, all else as shares. */
export type Evaluation = Readonly<Record<string, number>>;

/** Measures a model by data that it was not trained on. */
export interface Evaluator {
  /** @param variables of the model, see `currentVariables` */
  evaluate(gpu: Gpu, variables: Checkpoint): Promise<Evaluation>;
}
