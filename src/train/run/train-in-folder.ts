import { DeviceTooSmallError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { Scope } from '../../graph/device/scope.ts';
import { CheckpointSeries } from '../../io/checkpoint/checkpoint-series.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { withOutputLock } from '../../io/files/output-lock.ts';
import { linkTarget } from '../../io/files/output-place.ts';
import { pathIn } from '../../io/files/paths.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { BatchPart, Trainee } from '../loop/trainee.ts';
import { Trainer } from '../loop/trainer.ts';
import { currentVariables } from '../state/current-variables.ts';
import { DivergedError, restoreSlots, trainingTensors } from '../state/training-tensors.ts';
import { EventFile } from '../watch/event-file.ts';
import { METRICS_FILE, MetricsFile, type MetricsRecord, readMetrics } from '../watch/metrics-file.ts';
import { trainedSparsity } from '../watch/trained-sparsity.ts';
import { Ahead } from './ahead.ts';
import type { Batch, Preparation } from './preparation.ts';
import { restored } from './restore.ts';
import { makeRunFolder, requireRunFolder, requireSameRun } from './run-folder.ts';
import { penaltyWeightOf, prunerOf } from './schedules.ts';
import type { TrainingSettings } from './settings.ts';

/** How far a training is. */
export interface TrainingProgress {
  /** Steps that were done. */
  readonly step: number;
  /** Steps there are to do. */
  readonly steps: number;
  /** Tokens of targets, or pictures, of the steps that this process did. */
  readonly items: number;
  /** What these steps took. */
  readonly seconds: number;
  /** What was last measured. */
  readonly metrics: MetricsRecord | undefined;
  /** What was last evaluated. */
  readonly evaluation: Evaluation | undefined;
}

/** How to go on, and whom to tell. */
export interface TrainInFolderOptions {
  /** Goes on with what an earlier run left there, where there is any. */
  readonly resume?: boolean | undefined;
  /** Ends the training behind the step that is being done, with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every step. */
  readonly onStep?: ((progress: TrainingProgress) => void) | undefined;
  /** Told what is on the disk once a checkpoint was written, or where the training goes on. */
  readonly onCheckpoint?: ((step: number) => void) | undefined;
}

/** What a training came to. */
export interface TrainedRun {
  /** Steps that were done, by earlier processes too. */
  readonly step: number;
  /** Step it went on from; 0 where it began. */
  readonly resumedFrom: number;
  /** Of the last step. */
  readonly metrics: MetricsRecord;
  /** Tokens of targets, or pictures, of the steps that this process did. */
  readonly items: number;
  /** What these steps took. */
  readonly seconds: number;
}

/**
 * Trains in a folder: checkpoints, metrics and events are written there, and what was interrupted, however, goes on to the bit.
 * @throws {UsageError} where the folder holds another run, or another process trains there.
 * @throws {DeviceTooSmallError} where the device has no room for it, before the folder is made; it says what would fit.
 * @throws {DivergedError} where the loss is no longer finite; the last checkpoint stays as it was.
 * @throws the reason of the signal, behind a checkpoint of the step that was reached.
 */
export async function trainInFolder<Part extends BatchPart>(
  gpu: Gpu,
  preparation: Preparation<Part>,
  folder: string,
  options: TrainInFolderOptions = {},
): Promise<TrainedRun> {
  await requireRunFolder(folder, options.resume ?? false);
  // The lock lies beside the folder, whatever path it is called by.
  const target = await linkTarget(folder);
  return withOutputLock(folder, { kind: 'file', target }, async () => {
    await requireSameRun(folder, preparation);
    const finished = await finishedTraining(folder, preparation.settings);
    if (finished !== undefined) return finished;
    using scope = new Scope(gpu);
    return await new Run(gpu, scope, preparation, folder, options).train();
  });
}

/** What a training came to that an earlier process has finished: its last checkpoint is there, behind its metrics. */
async function finishedTraining(
  folder: string,
  { trainSteps, keep }: Pick<TrainingSettings, 'trainSteps' | 'keep'>,
): Promise<TrainedRun | undefined> {
  if (!(await new CheckpointSeries(folder, keep).has(trainSteps))) return undefined;
  const metrics = (await readMetrics(pathIn(folder, METRICS_FILE))).at(-1);
  if (metrics?.step !== trainSteps) return undefined;
  return { step: trainSteps, resumedFrom: trainSteps, metrics, items: 0, seconds: 0 };
}

/** A training at work. */
class Run<Part extends BatchPart> {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #preparation: Preparation<Part>;
  readonly #options: TrainInFolderOptions;
  readonly #folder: string;
  readonly #series: CheckpointSeries;

  constructor(
    gpu: Gpu,
    scope: Scope,
    preparation: Preparation<Part>,
    folder: string,
    options: TrainInFolderOptions,
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#preparation = preparation;
    this.#folder = folder;
    this.#options = options;
    this.#series = new CheckpointSeries(folder, preparation.settings.keep);
  }

  async train(): Promise<TrainedRun> {
    const { settings } = this.#preparation;
    await using ahead = new Ahead((step) => this.#preparation.batchAt(step), settings.trainSteps);
    using trainer = await this.#trainer(ahead);
    // Not before it is known that there is something to go on with.
    await makeRunFolder(this.#folder, this.#preparation);
    const resumedFrom = trainer.step;
    await using metrics = await MetricsFile.open(pathIn(this.#folder, METRICS_FILE), resumedFrom);
    await using events = await EventFile.create(this.#folder, resumedFrom + 1);
    const { signal, onStep = () => {}, onCheckpoint = () => {} } = this.#options;
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    let items = 0;
    let last: MetricsRecord | undefined;
    let evaluation: Evaluation | undefined;
    let saved = resumedFrom;
    const write = async (record: MetricsRecord, layers: Measured['layers']) => {
      last = record;
      await metrics.append(record);
      await events.append(record.step, scalarsOf(record, layers));
    };
    const save = async () => {
      // Whoever goes on from the checkpoint finds the metrics up to it.
      await metrics.sync();
      await this.#series.save(trainer.step, trainingTensors(trainer, settings.model));
      saved = trainer.step;
      onCheckpoint(saved);
    };
    onCheckpoint(saved);
    while (trainer.step < settings.trainSteps) {
      if (signal?.aborted) {
        if (trainer.step > saved) await save();
        throw signal.reason;
      }
      const batch = await ahead.at(trainer.step);
      await trainer.train(batch.parts);
      items += batch.items;
      const { step } = trainer;
      const isLast = step === settings.trainSteps;
      const { evaluator } = this.#preparation;
      const isEvaluated = isLast || step % (settings.evalEvery ?? Number.POSITIVE_INFINITY) === 0;
      if (isLast || (isEvaluated && evaluator !== undefined) || step % settings.logEvery === 0) {
        const { record, layers } = await this.#measured(trainer);
        let found: Evaluation | undefined;
        try {
          // Variables are only read, so that what is trained does not depend on when they are evaluated.
          if (isEvaluated) found = await evaluator?.evaluate(this.#gpu, currentVariables(trainer));
        } catch (error) {
          // What was trained up to here is no worse for it.
          await write(record, layers);
          await save();
          throw error;
        }
        evaluation = found ?? evaluation;
        await write({ ...record, ...found }, layers);
      }
      if (isLast || step % settings.checkpointEvery === 0) await save();
      onStep({ step, steps: settings.trainSteps, items, seconds: seconds(), metrics: last, evaluation });
    }
    const { step } = trainer;
    return { step, resumedFrom, metrics: last ?? { step }, items, seconds: seconds() };
  }

  async #trainer(ahead: Ahead<Batch<Part>>): Promise<Trainer<Part>> {
    const { settings, start, learningRate, optimiser, microBatches } = this.#preparation;
    const checkpoint = await this.#series.openNewest();
    try {
      const from = checkpoint && (await restored(start, checkpoint, settings));
      const step = from?.step ?? 0;
      const trainee = await this.#loaded(from?.start ?? start);
      const [example] = (await ahead.peek(step)).parts;
      const options = {
        seed: settings.seed,
        step,
        learningRate,
        penaltyWeight: penaltyWeightOf(settings),
        pruner: prunerOf(settings, from?.pruner),
        optimiser,
      };
      const trainer = await Trainer.create(this.#gpu, trainee, example, options, microBatches);
      if (checkpoint !== undefined) await restoreSlots(trainer, checkpoint, settings.model);
      return trainer;
    } finally {
      await checkpoint?.close();
    }
  }

  /** @throws {DeviceTooSmallError} where a variable is too large, whatever a batch is. */
  async #loaded(start: Checkpoint): Promise<Trainee<Part>> {
    try {
      return await this.#preparation.load(this.#scope, start);
    } catch (error) {
      if (!(error instanceof DeviceTooSmallError)) throw error;
      const advice =
        'no --micro-batch fits, since that is a variable; train a smaller model, or take another adapter.';
      throw DeviceTooSmallError.of(error.shortfall, advice, { cause: error });
    }
  }

  /** @throws {DivergedError} where the loss is not finite. */
  async #measured(trainer: Trainer<Part>): Promise<Measured> {
    const losses = await trainer.losses();
    const { step } = trainer;
    if (!Number.isFinite(losses.loss)) {
      throw new DivergedError(`its loss is ${losses.loss} at step ${step}`);
    }
    const trained = await trainedSparsity(trainer);
    const { batchesPerEpoch } = this.#preparation;
    const record = {
      step,
      epoch: step / batchesPerEpoch,
      ...losses,
      learningRate: trainer.learningRate,
      ...(trained === undefined ? {} : { sparsity: trained.sparsity }),
    };
    return { record, layers: trained?.layers ?? {} };
  }
}

/** What is known of a step. */
interface Measured {
  readonly record: MetricsRecord;
  /** Sparsity of each layer, by the names that TensorBoard shows. */
  readonly layers: Readonly<Record<string, number>>;
}

/** What TensorBoard is told, by the names that the original's summaries have. */
function scalarsOf({ step: _, learningRate, ...others }: MetricsRecord, layers: Measured['layers']) {
  return { ...others, learning_rate: learningRate, ...layers };
}
