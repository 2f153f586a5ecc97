import type { BleuMethod } from './methods.ts';
import { describeSmoothing, type Smoothing } from './smoothing.ts';

/** Whose figures they are: in sacreBLEU's signatures its own version stands alone. */
export const SIGNATURE_VERSION = 'tsos-0.1.0';

export interface SignatureParts {
  readonly references: number;
  readonly bootstrap: { readonly samples: number; readonly seed: number } | undefined;
  readonly lowercase: boolean;
  readonly method: BleuMethod;
  readonly smoothing: Smoothing;
}

/** How a score was computed, in the fields and the order of sacreBLEU 2. */
export function signatureOf({ references, bootstrap, lowercase, method, smoothing }: SignatureParts): string {
  return [
    `nrefs:${references}`,
    ...(bootstrap === undefined ? [] : [`bs:${bootstrap.samples}`, `seed:${bootstrap.seed}`]),
    `case:${lowercase ? 'lc' : 'mixed'}`,
    'eff:no',
    `tok:${method}`,
    `smooth:${describeSmoothing(smoothing)}`,
    `version:${SIGNATURE_VERSION}`,
  ].join('|');
}
