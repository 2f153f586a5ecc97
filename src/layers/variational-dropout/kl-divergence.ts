import { EPSILON } from '../reference/arguments.ts';
import { sigmoid, softplus } from '../reference/sigmoid.ts';
import { type DenseTensor, denseTensor, elementwise, sumOf } from '../reference/tensor.ts';
import {
  type ClipOptions,
  checkVariationalPair,
  clipped,
  isClipped,
  logAlphaOf,
  type VariationalGradients,
  type VariationalPair,
} from './log-alpha.ts';

/** Constants of the sigmoid fit (Molchanov, Ashukha & Vetrov 2017, equation 14). */
export const [K1, K2, K3] = [0.63576, 1.8732, 1.48695];

/**
 * Kullback–Leibler divergence from the log-uniform prior, summed over all weights: the penalty of variational dropout, to be
 * added to a loss that is minimised. Molchanov, Ashukha & Vetrov 2017, equation 14, with its constant chosen such that the
 * divergence tends to 0 for large α:
 *
 *     KL(a) = k₁ σ(−(k₂ + k₃ a)) + ½ ln(1 + e^−a),   a = log α
 *
 * All terms are positive, so that none cancels, and none overflows.
 * @returns a scalar, shape `[]`
 * @throws {UsageError} where the shapes differ, or a bound or ε is negative.
 */
export function klDivergence(pair: VariationalPair, options: ClipOptions = {}): DenseTensor {
  const { clipAlpha, epsilon = EPSILON } = options;
  checkVariationalPair(pair, options);
  return klDivergenceOfLogAlpha(
    elementwise((t, l) => clipped(logAlphaOf(l, t, epsilon), clipAlpha), ...pair),
  );
}

/** The name that the original gives `klDivergence`, which is not negative in either. */
export const negativeDkl = klDivergence;

/** The same of log α itself, taken as it is. @returns a scalar, shape `[]` */
export function klDivergenceOfLogAlpha(logAlpha: DenseTensor): DenseTensor {
  return denseTensor([], [sumOf(elementwise(klOf, logAlpha))]);
}

/**
 * Gradients of `klDivergence`: `dKL/da` in log σ², `−2θ / (θ² + ε) · dKL/da` in θ, both 0 where log α is clipped.
 * @throws {UsageError} as `klDivergence`.
 */
export function klDivergenceGradients(
  pair: VariationalPair,
  options: ClipOptions = {},
): VariationalGradients {
  const { clipAlpha, epsilon = EPSILON } = options;
  checkVariationalPair(pair, options);
  const logSigma2 = elementwise(
    (t, l) => {
      const logAlpha = logAlphaOf(l, t, epsilon);
      return isClipped(logAlpha, clipAlpha) ? 0 : klSlope(logAlpha);
    },
    ...pair,
  );
  return {
    theta: elementwise((t, slope) => (-2 * t * slope) / (t * t + epsilon), pair[0], logSigma2),
    logSigma2,
  };
}

/** Gradient of `klDivergenceOfLogAlpha`, `dKL/da` of every element; always negative. */
export function klDivergenceOfLogAlphaGradient(logAlpha: DenseTensor): DenseTensor {
  return elementwise(klSlope, logAlpha);
}

function klOf(logAlpha: number): number {
  return K1 * sigmoid(-(K2 + K3 * logAlpha)) + 0.5 * softplus(-logAlpha);
}

function klSlope(logAlpha: number): number {
  const at = K2 + K3 * logAlpha;
  return -K1 * K3 * sigmoid(at) * sigmoid(-at) - 0.5 * sigmoid(-logAlpha);
}
