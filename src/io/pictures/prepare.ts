import { DataError } from '../../base/errors.ts';
import { evaluationPixels } from './evaluation-picture.ts';
import { foreignFormat, onlyJpeg } from './picture-format.ts';

/** What came of a JPEG: the pixels for the model, or why there are none. */
export type Prepared = { readonly pixels: Float32Array<ArrayBuffer> } | { readonly reason: string };

/** `evaluationPixels` with its errors about the picture as values, which travel between threads. */
export function prepare(jpeg: Uint8Array): Prepared {
  const format = foreignFormat(jpeg);
  if (format !== undefined) return { reason: onlyJpeg(format) };
  try {
    return { pixels: evaluationPixels(jpeg) };
  } catch (error) {
    if (error instanceof DataError) return { reason: error.message };
    throw error;
  }
}
