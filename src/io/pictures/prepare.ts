import { DataError } from '../../base/errors.ts';
import { evaluationPixels } from './evaluation-picture.ts';

/** What came of a JPEG: the pixels for the model, or why there are none. */
export type Prepared = { readonly pixels: Float32Array<ArrayBuffer> } | { readonly reason: string };

/** `evaluationPixels` with its errors about the picture as values, which travel between threads. */
export function prepare(jpeg: Uint8Array): Prepared {
  try {
    return { pixels: evaluationPixels(jpeg) };
  } catch (error) {
    if (error instanceof DataError) return { reason: error.message };
    throw error;
  }
}
