import type { LogAlphaThreshold } from '../../layers/resolve-technique.ts';

/** Where the threshold was taken from decides whether the result is that of the paper. */
export function describeThreshold({ value, source }: LogAlphaThreshold): string {
  return `log-alpha threshold ${value} (${source})`;
}
