import type { Gpu } from '../../graph/device/gpu.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';

/** What an evaluation found, by name: BLEU in its points, all else as shares. */
export type Evaluation = Readonly<Record<string, number>>;

/** What a checkpoint does not tell of itself. */
export interface EvaluatorOptions {
  /** Variational dropout: weights with a larger log-alpha are dropped; 3 unless given. */
  readonly logAlphaThreshold?: number | undefined;
}

/** Measures a model by data that it was not trained on. */
export interface Evaluator {
  /** Measures. @param variables of the model: a checkpoint, or what is trained just now, see `currentVariables` */
  evaluate(gpu: Gpu, variables: Checkpoint, options?: EvaluatorOptions): Promise<Evaluation>;
}
