import type { Gpu } from '../device/gpu.ts';
import type { Candidate, Choice } from '../device/kernel-choice.ts';

/** A dispatch with the kernels of all tilings; of the first alone where there is nothing to choose by. */
export function choiceOf<Tiling>(
  { tuning }: Gpu,
  dispatch: Omit<Choice, 'candidates'>,
  tilings: readonly Tiling[],
  make: (tiling: Tiling) => Candidate,
): Choice {
  const considered = tuning.chooses(dispatch) ? tilings : tilings.slice(0, 1);
  return { ...dispatch, candidates: considered.map(make) };
}

/**
 * A weight as far as speed depends on it: the length of its rows counts to the next power of two.
 * @param operation such as `product`
 * @param depth length of a row, zeros included
 */
export function weightClass(
  operation: string,
  { rows, nnz }: { readonly rows: number; readonly nnz: number },
  depth: number,
): string {
  const entries = 2 ** Math.round(Math.log2(Math.max(1, nnz / rows)));
  return `${operation} [${rows}, ${depth}], ${entries} entries a row`;
}
