import { DataError } from '../../base/errors.ts';
import type { Technique } from '../../base/technique.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import { evaluate } from '../../models/resnet50/evaluate.ts';
import { loadResNet50 } from '../../models/resnet50/model.ts';
import type { Evaluator } from './evaluator.ts';

/** What a residual network is measured with. */
export interface PictureEvaluatorOptions {
  readonly technique: Technique;
  /** Side of the pictures, in pixels. */
  readonly imageSize: number;
  /** Threads that decode; 0 for the calling one. Default as of `readPictures`. */
  readonly workers?: number | undefined;
}

/**
 * Measures `top1` and `top5`, shares of the pictures whose label is among so many most probable classes, as `tsos evaluate` does.
 * @throws {DataError} where there is no picture, or the first has no label.
 */
export async function pictureEvaluator(
  source: PictureSource,
  { technique, imageSize, workers }: PictureEvaluatorOptions,
): Promise<Evaluator> {
  await requireLabels(source);
  return {
    async evaluate(gpu, variables, { logAlphaThreshold } = {}) {
      using model = await loadResNet50(gpu, variables, { technique, imageSize, logAlphaThreshold });
      const { top1, top5 } = await evaluate(model, source, { workers });
      return { top1: top1 ?? 0, top5: top5 ?? 0 };
    },
  };
}

/** Looks at the first picture only: what is wrong with all is to be found before a training begins. */
async function requireLabels(source: PictureSource): Promise<void> {
  for await (const entry of source.entries()) {
    const { label } = await entry.load();
    if (label !== undefined) return;
    throw new DataError('has no label to evaluate with; give TFRecords, or a folder for each class', {
      file: entry.file,
    });
  }
  throw new DataError('there is no picture to evaluate with', { file: source.files.join(', ') });
}
