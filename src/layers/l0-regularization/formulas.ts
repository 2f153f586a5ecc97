import type { Formula } from '../../graph/differentiation/formula.ts';

/*
 * The mathematics of the hard concrete distribution as formulas for the device, with the derivatives of the closed forms.
 */

/** What the logistic function is taken of, for a gate that is drawn with a u uniform in [0, 1). */
const DRAWN = '(exact_log(u + epsilon) - exact_log(1.0 - u) + log_alpha) / beta';

/** A drawn gate of a weight. */
export const GATE: Formula = {
  name: 'gate',
  inputs: ['log_alpha', 'u'],
  parameters: ['beta', 'gamma', 'zeta', 'epsilon'],
  value: gateOf(DRAWN),
  derivatives: { log_alpha: `${slopeOf(DRAWN)} / beta` },
};

/** The gate of evaluation. */
export const MEAN_GATE: Formula = {
  name: 'mean gate',
  inputs: ['log_alpha'],
  parameters: ['gamma', 'zeta'],
  value: gateOf('log_alpha'),
  derivatives: { log_alpha: slopeOf('log_alpha') },
};

/** Probability that a gate is not 0; `shift` is `−β ln(−γ / ζ)`. */
export const ACTIVE: Formula = {
  name: 'active probability',
  inputs: ['log_alpha'],
  parameters: ['shift'],
  value: 'logistic(log_alpha + shift)',
  derivatives: { log_alpha: 'logistic(log_alpha + shift) * logistic(-log_alpha - shift)' },
};

function gateOf(argument: string): string {
  return `clamp(${stretched(argument)}, 0.0, 1.0)`;
}

/** Derivative of `gateOf` by the argument. */
function slopeOf(argument: string): string {
  const slope = `(zeta - gamma) * logistic(${argument}) * logistic(-(${argument}))`;
  return `select(0.0, ${slope}, ${stretched(argument)} >= 0.0 && ${stretched(argument)} <= 1.0)`;
}

function stretched(argument: string): string {
  return `(logistic(${argument}) * (zeta - gamma) + gamma)`;
}
