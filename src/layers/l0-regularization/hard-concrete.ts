import { checkNumber } from '../../base/check-arguments.ts';
import { checkEpsilon, EPSILON } from '../reference/arguments.ts';
import { type Noise, uniformNoise } from '../reference/noise.ts';
import { sigmoid } from '../reference/sigmoid.ts';
import { type DenseTensor, denseTensor, elementwise, sumOf } from '../reference/tensor.ts';

/** The hard concrete distribution (Louizos, Welling & Kingma 2018, §3.1): a stretched and clipped binary concrete. */
export interface HardConcreteOptions {
  /** Temperature, above 0. Default 2/3. */
  readonly beta?: number;
  /** Lower end of the stretched interval, below 0. Default −0.1. */
  readonly gamma?: number;
  /** Upper end of the stretched interval, above 1. Default 1.1. */
  readonly zeta?: number;
  /** Keeps the logarithm of a uniform 0 finite. Default 1e-8. */
  readonly epsilon?: number;
}

/** First values of log α, which spread around it by 0.01: a gate is open with probability 0.9, and is 0.98 in evaluation. */
export const INITIAL_LOG_ALPHA = 2.197;

/** Parameters that evaluation takes. */
export type GateOptions = Pick<HardConcreteOptions, 'gamma' | 'zeta'>;

/**
 * Draws a gate in [0, 1] for every element of `logAlpha` (Louizos, Welling & Kingma 2018, equations 10 and 11):
 *
 *     s = σ((ln(u + ε) − ln(1 − u) + logAlpha) / β)      z = clip(s (ζ − γ) + γ, 0, 1)
 *
 * @param noise u, uniform in [0, 1), of the shape of `logAlpha`, or the key to draw it from
 * @throws {UsageError} for noise of another shape, parameters out of range, and where a u is not in [0, 1).
 */
export function hardConcreteSample(
  logAlpha: DenseTensor,
  noise: Noise,
  options: HardConcreteOptions = {},
): DenseTensor {
  const { gamma, zeta, s } = concrete(logAlpha, noise, options);
  return elementwise((value) => clip(value * (zeta - gamma) + gamma), s);
}

/** `∂z/∂logAlpha` of `hardConcreteSample`, element by element: `(ζ − γ) s (1 − s) / β`, 0 where the gate is clipped. */
export function hardConcreteSampleSlope(
  logAlpha: DenseTensor,
  noise: Noise,
  options: HardConcreteOptions = {},
): DenseTensor {
  const { beta, gamma, zeta, s } = concrete(logAlpha, noise, options);
  return elementwise((value) => slope(value, gamma, zeta) / beta, s);
}

/**
 * The gate of evaluation, `clip(σ(logAlpha) (ζ − γ) + γ, 0, 1)` (Louizos, Welling & Kingma 2018, equation 13). Despite its
 * name it is not the mean of the gates of training. With the defaults 0 up to −ln 11 and 1 from ln 11.
 * @throws {UsageError} for parameters out of range.
 */
export function hardConcreteMean(logAlpha: DenseTensor, options: GateOptions = {}): DenseTensor {
  const { gamma, zeta } = parameters(options);
  return elementwise((a) => clip(sigmoid(a) * (zeta - gamma) + gamma), logAlpha);
}

/** `∂/∂logAlpha` of `hardConcreteMean`, element by element, 0 where it is clipped. */
export function hardConcreteMeanSlope(logAlpha: DenseTensor, options: GateOptions = {}): DenseTensor {
  const { gamma, zeta } = parameters(options);
  return elementwise((a) => slope(sigmoid(a), gamma, zeta), logAlpha);
}

/**
 * Expected number of gates that are not 0, the penalty of L0 regularisation: `Σ σ(logAlpha − β ln(−γ / ζ))` (Louizos, Welling
 * & Kingma 2018, equation 12).
 * @returns a scalar, shape `[]`
 * @throws {UsageError} for parameters out of range.
 */
export function l0Norm(
  logAlpha: DenseTensor,
  options: Omit<HardConcreteOptions, 'epsilon'> = {},
): DenseTensor {
  const shift = activeShift(options);
  return denseTensor([], [sumOf(elementwise((a) => sigmoid(a + shift), logAlpha))]);
}

/** Gradient of `l0Norm`: `p (1 − p)` with p the probability that the gate is not 0. */
export function l0NormGradient(
  logAlpha: DenseTensor,
  options: Omit<HardConcreteOptions, 'epsilon'> = {},
): DenseTensor {
  const shift = activeShift(options);
  return elementwise((a) => sigmoid(a + shift) * sigmoid(-a - shift), logAlpha);
}

/** What `logAlpha` is shifted by in the probability that its gate is not 0. */
export function activeShift(options: HardConcreteOptions): number {
  const { beta, gamma, zeta } = parameters(options);
  return -beta * Math.log(-gamma / zeta);
}

function concrete(logAlpha: DenseTensor, noise: Noise, options: HardConcreteOptions) {
  const { beta, gamma, zeta, epsilon } = parameters(options);
  const u = uniformNoise(noise, logAlpha.shape);
  for (const value of u.data) checkNumber('noise', value, (one) => one >= 0 && one < 1, 'numbers in [0, 1)');
  const s = elementwise(
    (a, value) => sigmoid((Math.log(value + epsilon) - Math.log1p(-value) + a) / beta),
    logAlpha,
    u,
  );
  return { beta, gamma, zeta, s };
}

/** The parameters with their defaults, checked. */
export function parameters(options: HardConcreteOptions): Required<HardConcreteOptions> {
  const { beta = 2 / 3, gamma = -0.1, zeta = 1.1, epsilon = EPSILON } = options;
  checkNumber('beta', beta, (value) => value > 0, 'a number above 0');
  checkNumber('gamma', gamma, (value) => value < 0, 'a number below 0');
  checkNumber('zeta', zeta, (value) => value > 1, 'a number above 1');
  checkEpsilon(epsilon);
  return { beta, gamma, zeta, epsilon };
}

function clip(stretched: number): number {
  return Math.min(1, Math.max(0, stretched));
}

function slope(s: number, gamma: number, zeta: number): number {
  const stretched = s * (zeta - gamma) + gamma;
  return stretched >= 0 && stretched <= 1 ? (zeta - gamma) * s * (1 - s) : 0;
}
