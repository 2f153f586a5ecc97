import type { Scope } from '../../graph/device/scope.ts';
import type { Optimiser } from '../../graph/optimisers/optimiser.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import type { MicroBatches } from '../loop/device-room.ts';
import type { BatchPart, Trainee } from '../loop/trainee.ts';
import type { TrainingSettings } from './settings.ts';

/** A batch that the device gets part by part. */
export interface Batch<Part extends BatchPart> {
  /** All of it, in order. */
  readonly parts: readonly Part[];
  /** Tokens of the targets, or pictures. */
  readonly items: number;
}

/** Tells the data of a training from others. */
export type DataIdentity = Readonly<Record<string, string | number>>;

/** All that a training needs but a device: what is cheap to find wrong has been looked at. */
export interface Preparation<Part extends BatchPart> {
  /** By which it was prepared. */
  readonly settings: TrainingSettings;
  /** What it begins with. */
  readonly start: Checkpoint;
  /** What a run that goes on must find again. */
  readonly data: DataIdentity;
  /** What the user should know of the data, and of what the training begins with. */
  readonly notes: readonly string[];
  /** What the items of a batch are called. */
  readonly unit: 'tokens' | 'pictures';
  /** Batches that have seen all data. */
  readonly batchesPerEpoch: number;
  /** By the steps that were done before. */
  readonly learningRate: (step: number) => number;
  /** Measures on the way; undefined where there is nothing to measure with. */
  readonly evaluator: Evaluator | undefined;
  /** How much of a batch the device could work on at once. */
  readonly microBatches: MicroBatches<Part>;
  /** The batch of a step, whatever was asked for before. */
  batchAt(step: number): Promise<Batch<Part>>;
  /** Makes it. @param updates that were done before */
  optimiser(scope: Scope, updates: number): Optimiser;
  /** Puts the model on a device, with the values of a checkpoint. */
  load(scope: Scope, start: Checkpoint): Promise<Trainee<Part>>;
  /** Ends the threads that read. */
  close(): Promise<void>;
}
