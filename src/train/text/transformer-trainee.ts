import type { Gpu } from '../../graph/device/gpu.ts';
import type { Scope } from '../../graph/device/scope.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import {
  type TrainableTransformer,
  type TransformerTrainingOptions,
  trainingGraph,
} from '../../models/transformer/training.ts';
import { allocateBatch, writeBatch, writePackedBatch } from '../../models/transformer/training-batch.ts';
import type { RecordedPart, StepInputs, Trainee } from '../loop/trainee.ts';
import { packedRow } from './pack-rows.ts';
import type { SentencePair } from './sentence-pair.ts';
import type { TextPart } from './text-part.ts';

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
    record(
      tape: Tape,
      scope: Scope,
      { room, isPacked }: TextPart,
      inputs: StepInputs,
    ): RecordedPart<TextPart> {
      const { sentences, length } = room;
      const batch = allocateBatch(scope, model.config, {
        sentences,
        sourceLength: length,
        targetLength: length,
        packed: isPacked,
      });
      return {
        training: trainingGraph(tape, model, batch, { ...training, ...inputs }),
        write({ rows }) {
          // Rows without tokens have no weight in the loss.
          const all = Array.from({ length: sentences }, (_, i) => rows[i] ?? []);
          if (isPacked) {
            writePackedBatch(gpu, batch, all.map(packedRow));
            return;
          }
          const side = (name: keyof SentencePair) => all.map(([pair]) => pair?.[name] ?? []);
          writeBatch(gpu, batch, side('inputs'), side('targets'));
        },
      };
    },
  };
}
