import { UsageError } from '../../base/errors.ts';

/** What to do about n-grams of which none matches, without which BLEU would be 0; the names are sacreBLEU's. */
export const SMOOTHING_METHODS = ['exp', 'floor', 'add-k', 'none'] as const;

/** What is done where no n-gram of a length matches (Chen and Cherry 2014). */
export type SmoothingMethod = (typeof SMOOTHING_METHODS)[number];

export interface Smoothing {
  readonly kind: SmoothingMethod;
  /** Of floor the count to take for none, of add-k what to add to counts and totals beyond single tokens; else 0. */
  readonly value: number;
}

const DEFAULT_VALUES: Partial<Record<SmoothingMethod, number>> = { floor: 0.1, 'add-k': 1 };

/** @throws {UsageError} for a smoothing that there is not, or a value that it cannot have. */
export function resolveSmoothing(kind: SmoothingMethod, value: number | undefined): Smoothing {
  if (!SMOOTHING_METHODS.includes(kind)) {
    throw new UsageError(`there is no smoothing "${kind}"; it can be ${SMOOTHING_METHODS.join(', ')}`);
  }
  const usual = DEFAULT_VALUES[kind];
  if (usual === undefined && value !== undefined) {
    throw new UsageError(`the smoothing ${kind} takes no value; leave it out or choose floor or add-k`);
  }
  if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new UsageError(`the value of a smoothing is ${value}; it must be a positive number`);
  }
  return { kind, value: value ?? usual ?? 0 };
}

/** As signatures name it, such as `floor[0.10]`. */
export function describeSmoothing({ kind, value }: Smoothing): string {
  return kind in DEFAULT_VALUES ? `${kind}[${value.toFixed(2)}]` : kind;
}
