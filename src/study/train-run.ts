import type { Gpu } from '../graph/device/gpu.ts';
import { openCheckpoint } from '../io/checkpoint/checkpoint.ts';
import { requireSameClasses } from '../io/pictures/class-folders.ts';
import { openPictures } from '../io/pictures/open-pictures.ts';
import { loadVocabulary } from '../io/text/load-vocabulary.ts';
import { checkpointSparsity } from '../metrics/sparsity.ts';
import type { Evaluator } from '../train/evaluation/evaluator.ts';
import { pictureEvaluator } from '../train/evaluation/picture-evaluator.ts';
import { translationEvaluator } from '../train/evaluation/translation-evaluator.ts';
import type { BatchPart } from '../train/loop/trainee.ts';
import { openTrainingPictures } from '../train/pictures/open-training-pictures.ts';
import type { Preparation } from '../train/run/preparation.ts';
import { prepareTraining } from '../train/run/prepare-training.ts';
import type { TrainingSettings } from '../train/run/settings.ts';
import { type TrainingProgress, trainInFolder } from '../train/run/train-in-folder.ts';
import { DivergedError } from '../train/state/training-tensors.ts';
import { type Measurement, type RunResult, runResult } from './run-result.ts';
import type { StudyTest } from './study-file.ts';
import type { StudyRun } from './study-runs.ts';

/** How a run is done. */
export interface TrainRunOptions {
  /** What it is measured with. */
  readonly test: StudyTest;
  /** Of the run; gone on with where it holds some of it. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((progress: TrainingProgress) => void) | undefined;
}

/**
 * Trains a run of a study, or goes on with it, and measures its last checkpoint. Throws as `trainInFolder`, but not where the run
 * diverges: that is its result.
 */
export async function trainRun(
  gpu: Gpu,
  { name, settings }: StudyRun,
  { test, folder, signal, onStep }: TrainRunOptions,
): Promise<RunResult> {
  const begun = performance.now();
  const preparation = await prepareTraining(settings, { signal });
  try {
    const steps = await trained(gpu, preparation, folder, { signal, onStep });
    const adapter = gpu.describe();
    const seconds = () => (performance.now() - begun) / 1000;
    if (typeof steps === 'string') {
      return runResult({
        name,
        settings,
        diverged: steps,
        measurements: [],
        adapter,
        steps: 0,
        seconds: seconds(),
      });
    }
    const measurements = await measured(gpu, settings, { test, folder, signal });
    return runResult({ name, settings, measurements, adapter, steps, seconds: seconds() });
  } finally {
    await preparation.close();
  }
}

/** @returns steps that were done, or why there are none */
async function trained(
  gpu: Gpu,
  preparation: Preparation<BatchPart>,
  folder: string,
  options: Pick<TrainRunOptions, 'signal' | 'onStep'>,
): Promise<number | string> {
  try {
    return (await trainInFolder(gpu, preparation, folder, { ...options, resume: true })).step;
  } catch (error) {
    if (error instanceof DivergedError) return error.message;
    throw error;
  }
}

async function measured(
  gpu: Gpu,
  settings: TrainingSettings,
  { test, folder, signal }: Pick<TrainRunOptions, 'test' | 'folder' | 'signal'>,
): Promise<Measurement[]> {
  const evaluator = await evaluatorOf(settings, test);
  const { technique } = settings;
  await using checkpoint = await openCheckpoint(folder);
  const measurements: Measurement[] = [];
  for (const threshold of thresholdsOf(settings)) {
    signal?.throwIfAborted();
    const logAlphaThreshold = threshold ?? undefined;
    const evaluation = await evaluator.evaluate(gpu, checkpoint, { logAlphaThreshold });
    // What is zero by chance in a dense model is nothing that was dropped.
    const { sparsity } =
      technique === 'dense'
        ? { sparsity: 0 }
        : await checkpointSparsity(checkpoint, { technique, model: settings.model, logAlphaThreshold });
    measurements.push({ logAlphaThreshold: threshold, sparsity, evaluation });
  }
  return measurements;
}

/** The paper measured the Transformer with variational dropout at all of these, the ResNet at 3 only. */
function thresholdsOf({ technique, model }: TrainingSettings): readonly (number | null)[] {
  if (technique !== 'variational_dropout') return [null];
  return model === 'rn50' ? [3] : Array.from({ length: 11 }, (_, i) => i / 2);
}

/** What measures runs. @throws {DataError} where what they are measured with cannot be read. */
export async function evaluatorOf(settings: TrainingSettings, test: StudyTest): Promise<Evaluator> {
  const { technique } = settings;
  if (settings.model === 'transformer') {
    const { inputs, targets } = test as Extract<StudyTest, { inputs: unknown }>;
    const vocabulary = await loadVocabulary(settings.vocab);
    return translationEvaluator({ inputs, targets }, { vocabulary, technique, heads: settings.numHeads });
  }
  const { data } = test as Extract<StudyTest, { data: unknown }>;
  const pictures = await openPictures(data);
  if (pictures.classNames !== undefined) requireSameClasses(await openTrainingPictures(settings), pictures);
  return pictureEvaluator(pictures, { technique, imageSize: settings.imageSize });
}
