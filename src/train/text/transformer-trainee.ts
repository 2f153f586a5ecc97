import type { Gpu } from '../../graph/device/gpu.ts';
import type { Scope } from '../../graph/device/scope.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import {
  type TrainableTransformer,
  type TransformerTrainingOptions,
  trainingGraph,
} from '../../models/transformer/training.ts';
import { allocateBatch, writeBatch } from '../../models/transformer/training-batch.ts';
import type { RecordedPart, StepInputs, Trainee } from '../loop/trainee.ts';
import type { TextPart } from './text-batches.ts';

/** How a Transformer is trained, but for what changes from step to step. */
export type TransformerTraining = Omit<TransformerTrainingOptions, keyof StepInputs>;

/** A Transformer as the loop trains it. */
export function transformerTrainee(
  gpu: Gpu,
  model: TrainableTransformer,
  training: TransformerTraining,
): Trainee<TextPart> {
  return {
    technique: model.config.technique,
    variables: model.variables,
    start: model.checkpoint,
    record(tape: Tape, scope: Scope, { room }: TextPart, inputs: StepInputs): RecordedPart<TextPart> {
      const { sentences, length } = room;
      const batch = allocateBatch(scope, model.config, {
        sentences,
        sourceLength: length,
        targetLength: length,
      });
      return {
        training: trainingGraph(tape, model, batch, { ...training, ...inputs }),
        write({ pairs }) {
          // Sentences without tokens have no weight in the loss.
          const empty = Array.from({ length: sentences - pairs.length }, () => []);
          const sides = (['inputs', 'targets'] as const).map((side) => pairs.map((pair) => pair[side]));
          writeBatch(gpu, batch, [...sides[0], ...empty], [...sides[1], ...empty]);
        },
      };
    },
  };
}
