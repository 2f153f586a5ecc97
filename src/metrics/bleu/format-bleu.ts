import type { BleuResult } from './bleu.ts';
import { resolveMethod } from './methods.ts';

/**
 * A result in one line, as its tool prints it: multi-bleu.perl for the Moses methods, sacreBLEU for the others; where multi-bleu.perl
 * prints a bare `BLEU`, the signature follows it, as in sacreBLEU.
 */
export function formatBleu(result: BleuResult): string {
  const { signature, precisions, brevityPenalty, hypothesisLength, referenceLength } = result;
  const score = `BLEU|${signature} = ${formatScore(result)}`;
  const shares = precisions.map((precision) => formatFixed(precision, 1)).join('/');
  const penalty = formatFixed(brevityPenalty, 3);
  const ratio = formatFixed(hypothesisLength / referenceLength, 3);
  return resolveMethod(result.method).tool === 'multi-bleu'
    ? `${score}, ${shares} (BP=${penalty}, ratio=${ratio}, hyp_len=${hypothesisLength}, ref_len=${referenceLength})`
    : `${score} ${shares} (BP = ${penalty} ratio = ${ratio} hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`;
}

/** The score and, where there is one, its confidence interval, such as `26.33 (μ = 26.34 ± 0.62)`. */
export function formatScore({ score, confidence }: BleuResult): string {
  const value = formatFixed(score, 2);
  if (confidence === undefined) return value;
  return `${value} (μ = ${formatFixed(confidence.mean, 2)} ± ${formatFixed(confidence.halfWidth, 2)})`;
}

/** `printf('%.nf')` for n of 1 and more, which unlike `toFixed` rounds a value just between two decimals to the even one. */
export function formatFixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  // Enough decimals to tell what is just between from what is only near it.
  const exact = value.toFixed(40);
  const [kept, rest] = [exact.slice(0, digits - 40), exact.slice(digits - 40)];
  return /^50*$/.test(rest) && Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}
