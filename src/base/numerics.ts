/** Keeps the logarithm and the root of a variational-dropout layer finite (both packages of the paper use it). */
const EPSILON = Math.fround(1e-8);

/** Ends of the stretched hard-concrete interval, `[gamma, zeta]`, before it is clipped to `[0, 1]`. */
const GAMMA = Math.fround(-0.1);
const ZETA_MINUS_GAMMA = Math.fround(1.2);

/** Log-alpha threshold of variational dropout where nothing says otherwise (a relative variance of about 20). */
export const DEFAULT_LOG_ALPHA_THRESHOLD = 3;

/**
 * Log of the relative variance of a weight, `log_sigma2 - log(theta² + 1e-8)`, unclipped as at evaluation.
 *
 * Every step is rounded to float32, the logarithm included: whether a weight next to the threshold is kept depends on
 * the last bit, and this order of roundings is the one that reproduces TensorFlow's decisions. A shader's `log` may
 * be off by several units in the last place, so the decision is made here, on the CPU.
 */
export function variationalDropoutLogAlpha(theta: number, logSigma2: number): number {
  const variance = Math.fround(Math.fround(theta * theta) + EPSILON);
  return Math.fround(logSigma2 - Math.fround(Math.log(variance)));
}

/** Whether evaluation keeps a weight: `log_alpha < threshold`, strictly; a log-alpha that is no number is not kept. */
export function variationalDropoutKeeps(theta: number, logSigma2: number, threshold: number): boolean {
  return variationalDropoutLogAlpha(theta, logSigma2) < Math.fround(threshold);
}

/**
 * Deterministic gate of L0 regularisation at evaluation, `clip(1.2 · sigmoid(log_alpha) - 0.1, 0, 1)` in float32: a
 * factor of the weight, 0 for `log_alpha <= -ln 11` and 1 for `log_alpha >= ln 11`.
 */
export function hardConcreteGate(logAlpha: number): number {
  const sigmoid = Math.fround(1 / (1 + Math.exp(-logAlpha)));
  const stretched = Math.fround(Math.fround(sigmoid * ZETA_MINUS_GAMMA) + GAMMA);
  return Math.min(1, Math.max(0, stretched));
}
