import { UsageError } from '../../base/errors.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import {
  addTotals,
  type ClassificationTotals,
  meanCrossEntropy,
  NO_PICTURES,
  scoreLogits,
} from '../../metrics/classification.ts';
import {
  type ClassifiedPicture,
  type ClassifyOptions,
  classifyPictures,
  type UnusablePicture,
} from './classify.ts';
import type { ResNet50 } from './model.ts';

/** Of the original's flags; its evaluation smooths labels however the checkpoint was trained. */
const LABEL_SMOOTHING = 0.1;

/** How to evaluate; the result does not depend on the batch. */
export interface EvaluateOptions extends ClassifyOptions {
  /** Called when a batch is done, and waited for. */
  readonly onBatch?: ((batch: EvaluatedBatch) => void | Promise<void>) | undefined;
}

/** What came of some pictures, exactly. */
export interface EvaluatedBatch {
  /** Exact counts. */
  readonly totals: ClassificationTotals;
  /** Pictures that could not be used, in their order. */
  readonly bad: readonly UnusablePicture[];
}

/** What came of all pictures. */
export interface Evaluation extends EvaluatedBatch {
  /** Fraction of the pictures whose label is the most probable class; null where there are none. */
  readonly top1: number | null;
  /** Fraction of those whose label is among the five most probable; null where there are none. */
  readonly top5: number | null;
  /**
   * Mean cross-entropy with smoothed labels, in nats; null where there are no pictures. The original's loss adds
   * `weightDecayLoss`, which does not depend on the pictures.
   */
  readonly loss: number | null;
}

/**
 * Classifies labelled pictures and counts how many are recognised. Pictures are decoded in other threads while the device
 * works.
 *
 * @throws {DataError} for the first picture that cannot be used, unless these are to be skipped.
 * @throws {UsageError} where pictures have no labels, or an option cannot be.
 */
export async function evaluate(
  model: ResNet50,
  source: PictureSource,
  { onBatch, ...options }: EvaluateOptions = {},
): Promise<Evaluation> {
  let totals = NO_PICTURES;
  const bad: UnusablePicture[] = [];
  let told = false;
  for await (const pictures of classifyPictures(model, source, options)) {
    const stranger = told ? undefined : pictures.find((each) => isForeign(each, model.config.classes));
    if (stranger !== undefined) {
      told = true;
      options.onNote?.(foreignLabel(stranger, model.config.classes));
    }
    const batch = score(pictures);
    totals = addTotals(totals, batch.totals);
    bad.push(...batch.bad);
    await onBatch?.(batch);
  }
  return { ...sharesOf(totals), totals, bad };
}

/** Exact counts as numbers to be read; null where there are no pictures. */
export function sharesOf(totals: ClassificationTotals): Pick<Evaluation, 'top1' | 'top5' | 'loss'> {
  const { pictures, top1, top5 } = totals;
  if (pictures === 0) return { top1: null, top5: null, loss: null };
  return { top1: top1 / pictures, top5: top5 / pictures, loss: meanCrossEntropy(totals) };
}

/** Whether a picture has a label that is no class: it counts as not recognised, as in the original. */
function isForeign(each: ClassifiedPicture | UnusablePicture, classes: number): boolean {
  return 'label' in each && each.label !== undefined && !(each.label >= 0 && each.label < classes);
}

function foreignLabel(each: ClassifiedPicture | UnusablePicture, classes: number): string {
  const label = 'label' in each ? each.label : undefined;
  return `${each.file}: picture ${each.record} has class ${label}, the network has classes 0 to ${classes - 1}; such pictures count as not recognised`;
}

function score(pictures: readonly (ClassifiedPicture | UnusablePicture)[]): EvaluatedBatch {
  let totals = NO_PICTURES;
  const bad: UnusablePicture[] = [];
  for (const each of pictures) {
    if ('reason' in each) {
      bad.push(each);
      continue;
    }
    const { file, record, label, logits } = each;
    if (label === undefined) {
      throw new UsageError(`${file}: picture ${record} has no label to compare with; give a labels file`);
    }
    totals = addTotals(totals, scoreLogits(logits, label, LABEL_SMOOTHING));
  }
  return { totals, bad };
}
