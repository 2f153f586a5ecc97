import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../../base/numerics.ts';
import { checkBound, checkEpsilon, checkPair, checkThreshold, EPSILON } from '../reference/arguments.ts';
import { type DenseTensor, elementwise, type Shaped } from '../reference/tensor.ts';

/** Weights with their uncertainty: means θ and `log σ²`, the log of their variances, of one shape. */
export type VariationalPair = readonly [theta: DenseTensor, logSigma2: DenseTensor];

/** Gradients of a loss in both tensors of a pair. */
export interface VariationalGradients {
  readonly theta: DenseTensor;
  readonly logSigma2: DenseTensor;
}

/** How training bounds the relative variances. */
export interface ClipOptions {
  /**
   * Bounds log α to `[−clipAlpha, clipAlpha]`. Undefined, the default, and null do not bound it; 0 is a bound like any other,
   * in every function (of the original's, some took it for no bound).
   */
  readonly clipAlpha?: number | null | undefined;
  /** Added to squares and variances. Default 1e-8. */
  readonly epsilon?: number;
}

/** How log α is computed. */
export interface LogAlphaOptions {
  /** Clips log α to ±valueLimit; undefined and null do not. Default 8, where it is left out. */
  readonly valueLimit?: number | null | undefined;
  /** Added to squared weights. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * `log α = log σ² − log(θ² + ε)`, the log of the variances relative to the squared weights (Molchanov, Ashukha & Vetrov 2017,
 * §4.1), clipped to ±8 unless told otherwise.
 * @returns of the shape of the pair
 * @throws {UsageError} where the shapes differ, or a limit or ε is negative.
 */
export function computeLogAlpha(
  logSigma2: DenseTensor,
  theta: DenseTensor,
  options: LogAlphaOptions = {},
): DenseTensor {
  const { valueLimit: limit, epsilon = EPSILON } = { valueLimit: 8, ...options };
  checkVariationalPair([theta, logSigma2], { clipAlpha: limit, epsilon });
  return elementwise((l, t) => clipped(logAlphaOf(l, t, epsilon), limit), logSigma2, theta);
}

/**
 * `log σ² = log α + log(θ² + ε)`, the inverse of `computeLogAlpha` where that does not clip.
 * @throws {UsageError} where the shapes differ, or ε is negative.
 */
export function computeLogSigma2(
  logAlpha: DenseTensor,
  theta: DenseTensor,
  options: { readonly epsilon?: number } = {},
): DenseTensor {
  const { epsilon = EPSILON } = options;
  checkPair([logAlpha, theta], ['logAlpha', 'theta']);
  checkEpsilon(epsilon);
  return elementwise((a, t) => a + Math.log(t * t + epsilon), logAlpha, theta);
}

/** What evaluation needs to decide which weights stay. */
export interface EvaluationOptions {
  /** Weights with log α at or above it are dropped; ±∞ keeps all or none. Default 3. */
  readonly threshold?: number;
  /** Added to squared weights. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * 1 where evaluation keeps a weight, `log α < threshold` strictly and unclipped, else 0; also 0 where log α is no number.
 * @returns of the shape of the pair
 * @throws {UsageError} where the shapes differ, the threshold is no number or ε is negative.
 */
export function evaluationMask(pair: VariationalPair, options: EvaluationOptions = {}): DenseTensor {
  const { threshold = DEFAULT_LOG_ALPHA_THRESHOLD, epsilon = EPSILON } = options;
  checkVariationalPair(pair, { epsilon });
  checkThreshold(threshold);
  return elementwise((t, l) => (logAlphaOf(l, t, epsilon) < threshold ? 1 : 0), ...pair);
}

/** The weights of evaluation, `θ ⊙ evaluationMask`. */
export function maskedTheta(pair: VariationalPair, options: EvaluationOptions): DenseTensor {
  return elementwise((t, kept) => (kept === 1 ? t : 0), pair[0], evaluationMask(pair, options));
}

/** Refuses a pair of different shapes, a negative bound and a negative ε. */
export function checkVariationalPair(
  pair: readonly [theta: Shaped, logSigma2: Shaped],
  { clipAlpha, epsilon = EPSILON }: ClipOptions,
): void {
  checkPair(pair, ['theta', 'logSigma2']);
  checkEpsilon(epsilon);
  checkBound('clipAlpha', clipAlpha);
}

/** Variances with log α clipped: σ² is forced into `[e^−c, e^c] · (θ² + ε)`. */
export function clippedVariance([theta, logSigma2]: VariationalPair, options: ClipOptions): DenseTensor {
  const { clipAlpha, epsilon = EPSILON } = options;
  return elementwise(
    (t, l) => {
      const logAlpha = logAlphaOf(l, t, epsilon);
      return Math.exp(
        isClipped(logAlpha, clipAlpha) ? clipped(logAlpha, clipAlpha) + Math.log(t * t + epsilon) : l,
      );
    },
    theta,
    logSigma2,
  );
}

/**
 * Gradients in a pair of a loss that has gradient `dTheta` in θ by itself and `dLogVariance` in the log of the clipped
 * variance: that follows log σ² where it is not clipped (bounds included), else `log(θ² + ε)`.
 */
export function throughClip(
  [theta, logSigma2]: VariationalPair,
  dTheta: DenseTensor,
  dLogVariance: DenseTensor,
  { clipAlpha, epsilon = EPSILON }: ClipOptions,
): VariationalGradients {
  const inside = elementwise(
    (t, l) => (isClipped(logAlphaOf(l, t, epsilon), clipAlpha) ? 0 : 1),
    theta,
    logSigma2,
  );
  return {
    theta: elementwise(
      (own, d, t, unclipped) => (unclipped === 1 ? own : own + (d * 2 * t) / (t * t + epsilon)),
      dTheta,
      dLogVariance,
      theta,
      inside,
    ),
    logSigma2: elementwise((d, unclipped) => d * unclipped, dLogVariance, inside),
  };
}

export function logAlphaOf(logSigma2: number, theta: number, epsilon: number): number {
  return logSigma2 - Math.log(theta * theta + epsilon);
}

export function isClipped(logAlpha: number, limit: number | null | undefined): boolean {
  return typeof limit === 'number' && Math.abs(logAlpha) > limit;
}

export function clipped(logAlpha: number, limit: number | null | undefined): number {
  return typeof limit === 'number' ? Math.min(limit, Math.max(-limit, logAlpha)) : logAlpha;
}
