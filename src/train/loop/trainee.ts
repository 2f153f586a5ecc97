import type { Technique } from '../../base/technique.ts';
import type { Scope } from '../../graph/device/scope.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import type { TrainingGraph } from '../../models/training/loss.ts';
import type { NoiseSource } from '../../models/training/noise.ts';
import type { TrainingVariables } from '../../models/training/variables.ts';

/** Part of a batch that the device works on at once. */
export interface BatchPart {
  /** Parts with equal texts are run by the same plan. */
  readonly shape: string;
  /** Share of the loss of the batch that is of this part; those of all parts sum to 1. */
  readonly share: number;
}

/** What a training graph needs beside the model and the batch. */
export interface StepInputs {
  /** Of layers and dropout. */
  readonly noise: NoiseSource;
  /** `[1]` */
  readonly penaltyWeight: GraphTensor;
}

/** A training step that is recorded up to its gradients. */
export interface RecordedPart<Part> {
  /** Loss and gradients. */
  readonly training: TrainingGraph;
  /** Puts a part of the shape that was recorded on the device. */
  write(part: Part): void;
}

/** A model that is trained, as the loop sees it. */
export interface Trainee<Part extends BatchPart> {
  /** How it is sparsified. */
  readonly technique: Technique;
  /** All of them, on the device. */
  readonly variables: TrainingVariables;
  /** What the variables are called and were when the training began. */
  readonly start: Checkpoint;
  /** Records the step for parts of one shape. @param scope owns what the part is written to */
  record(tape: Tape, scope: Scope, part: Part, inputs: StepInputs): RecordedPart<Part>;
}
