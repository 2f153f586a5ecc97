import type { Gpu } from '../../graph/device/gpu.ts';
import { type Scope, write } from '../../graph/device/scope.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import {
  type ResNetTrainingOptions,
  type TrainableResNet,
  trainingGraph,
} from '../../models/resnet50/training.ts';
import type { RecordedPart, StepInputs, Trainee } from '../loop/trainee.ts';
import type { PicturePart } from './picture-batches.ts';

/** How a residual network is trained, but for what changes from step to step. */
export type ResNetTraining = Omit<ResNetTrainingOptions, keyof StepInputs>;

/** A residual network as the loop trains it. */
export function resNetTrainee(
  gpu: Gpu,
  { model, start }: { model: TrainableResNet; start: Checkpoint },
  training: ResNetTraining,
): Trainee<PicturePart> {
  return {
    technique: model.config.technique,
    variables: model.variables,
    start,
    record(tape: Tape, scope: Scope, part: PicturePart, inputs: StepInputs): RecordedPart<PicturePart> {
      const { labels, size } = part;
      const batch = {
        pictures: scope.tensor('pictures', [labels.length, size, size, 3]),
        labels: scope.tensor('labels', [labels.length]),
      };
      return {
        training: trainingGraph(tape, model, batch, { ...training, ...inputs }),
        write({ pixels, labels: classes }) {
          write(gpu, batch.pictures, pixels);
          write(gpu, batch.labels, classes);
        },
      };
    },
  };
}
