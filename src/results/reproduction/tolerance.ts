import { UsageError } from '../../base/errors.ts';
import { fromPercent } from '../../base/percent.ts';

/** By how much a measured figure may differ from the published one. */
export interface Tolerance {
  /** A share. */
  readonly sparsity: number;
  /** In points. */
  readonly bleu: number;
  /** A share. */
  readonly top1: number;
}

/**
 * Sparsity is a count, of which float32 logarithms have moved no more than 26 weights in 25 million. BLEU is published
 * with two decimals, and Moses' tokeniser has changed since by hundredths. Top-1 accuracy moves by some hundredths with the
 * JPEG decoder; one published figure (random pruning, 95 %) is 0.04 points away from the run it was taken from.
 */
export const DEFAULT_TOLERANCE: Tolerance = { sparsity: 0.00005, bleu: 0.1, top1: 0.001 };

const NAMES: Readonly<Record<string, keyof Tolerance>> = {
  sparsity: 'sparsity',
  bleu: 'bleu',
  'top-1': 'top1',
};

/**
 * Reads `bleu=0.2`, `sparsity=0.01` and `top-1=0.5`, all in points, as people say them; what is left out is as by default.
 * @throws {UsageError} for anything else.
 */
export function parseTolerance(texts: readonly string[]): Tolerance {
  const tolerance = { ...DEFAULT_TOLERANCE };
  for (const text of texts) {
    const [, name, points] = /^([\w-]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
    if (name === undefined || !Object.hasOwn(NAMES, name)) {
      throw new UsageError(`"${text}" is no tolerance; write ${Object.keys(NAMES).join('=…, ')}=… in points`);
    }
    const key = NAMES[name];
    tolerance[key] = key === 'bleu' ? Number(points) : fromPercent(Number(points));
  }
  return tolerance;
}
