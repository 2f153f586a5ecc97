import { DataError } from '../../base/errors.ts';
import type { RandomKey } from '../../base/random.ts';
import { evaluationPixels } from './evaluation-picture.ts';
import { foreignFormat, onlyJpeg } from './picture-format.ts';
import { type Augmentation, trainingPixels } from './training-picture.ts';

/** What came of a JPEG: the pixels for the model, or why there are none. */
export type Prepared = { readonly pixels: Float32Array<ArrayBuffer> } | { readonly reason: string };

/** How a model is to see a picture. */
export interface PictureView extends Augmentation {
  /** Side of the result, in pixels. Default 224. */
  readonly size?: number | undefined;
  /** Decides on crop and mirroring, as for a training step. Default: as for an evaluation. */
  readonly key?: RandomKey | undefined;
}

/**
 * `evaluationPixels`, or with a key `trainingPixels`, with errors about the picture as values, which travel between threads.
 */
export function prepare(jpeg: Uint8Array, { size, key, ...augmentation }: PictureView = {}): Prepared {
  const format = foreignFormat(jpeg);
  if (format !== undefined) return { reason: onlyJpeg(format) };
  try {
    return { pixels: key ? trainingPixels(jpeg, key, size, augmentation) : evaluationPixels(jpeg, size) };
  } catch (error) {
    if (error instanceof DataError) return { reason: error.message };
    throw error;
  }
}
