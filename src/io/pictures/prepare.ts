import { DataError } from '../../base/errors.ts';
import { evaluationPixels } from './evaluation-picture.ts';
import { foreignFormat, onlyJpeg } from './picture-format.ts';
import { type TrainingView, trainingPixels } from './training-picture.ts';

/** What came of a JPEG: the pixels for the model, or why there are none. */
export type Prepared = { readonly pixels: Float32Array<ArrayBuffer> } | { readonly reason: string };

/**
 * `evaluationPixels`, or with a view `trainingPixels`, with errors about the picture as values, which travel between threads.
 */
export function prepare(jpeg: Uint8Array, view?: TrainingView): Prepared {
  const format = foreignFormat(jpeg);
  if (format !== undefined) return { reason: onlyJpeg(format) };
  try {
    return { pixels: view ? trainingPixels(jpeg, view.key, view.size) : evaluationPixels(jpeg) };
  } catch (error) {
    if (error instanceof DataError) return { reason: error.message };
    throw error;
  }
}
