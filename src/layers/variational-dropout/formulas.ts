import type { Formula } from '../../graph/differentiation/formula.ts';
import { K1, K2, K3 } from './kl-divergence.ts';

/*
 * The mathematics of variational dropout as formulas for the device, with the derivatives of the closed forms.
 */

const SECOND_MOMENT = '(theta * theta + epsilon)';
const LOG_ALPHA = `(log_sigma2 - exact_log${SECOND_MOMENT})`;
const CLIPPED = `(abs(${LOG_ALPHA}) > limit)`;

/** log α clipped to ±limit. */
export const LOG_ALPHA_OF: Formula = {
  name: 'log alpha',
  inputs: ['theta', 'log_sigma2'],
  parameters: ['limit', 'epsilon'],
  value: `clamp(${LOG_ALPHA}, -limit, limit)`,
  derivatives: {
    theta: `select(-2.0 * theta / ${SECOND_MOMENT}, 0.0, ${CLIPPED})`,
    log_sigma2: `select(1.0, 0.0, ${CLIPPED})`,
  },
};

/** The inverse of log α. */
export const LOG_SIGMA2_OF: Formula = {
  name: 'log sigma2',
  inputs: ['log_alpha', 'theta'],
  parameters: ['epsilon'],
  value: `log_alpha + exact_log${SECOND_MOMENT}`,
  derivatives: { log_alpha: '1.0', theta: `2.0 * theta / ${SECOND_MOMENT}` },
};

/** `e^log σ²`, for log σ² up to 87. */
export const VARIANCE: Formula = {
  name: 'variance',
  inputs: ['log_sigma2'],
  value: 'exponential(log_sigma2)',
  derivatives: { log_sigma2: 'value' },
};

/** The variance with log α clipped to ±limit: where it is, the variance follows θ. */
export const CLIPPED_VARIANCE: Formula = {
  name: 'clipped variance',
  inputs: ['theta', 'log_sigma2'],
  parameters: ['limit', 'epsilon'],
  value: `exponential(select(log_sigma2, clamp(${LOG_ALPHA}, -limit, limit) + exact_log${SECOND_MOMENT}, ${CLIPPED}))`,
  derivatives: {
    theta: `select(0.0, value * 2.0 * theta / ${SECOND_MOMENT}, ${CLIPPED})`,
    log_sigma2: `select(value, 0.0, ${CLIPPED})`,
  },
};

/** A normal draw: `mean + √(variance + ε) · noise`. */
export const NOISY: Formula = {
  name: 'noisy',
  inputs: ['mean', 'variance', 'noise'],
  parameters: ['epsilon'],
  value: 'mean + sqrt(variance + epsilon) * noise',
  derivatives: { mean: '1.0', variance: '0.5 * noise / sqrt(variance + epsilon)' },
};

/** θ where log α is below the threshold, else 0. */
export const MASKED: Formula = {
  name: 'masked weight',
  inputs: ['theta', 'log_sigma2'],
  parameters: ['threshold', 'epsilon'],
  value: `select(0.0, theta, ${LOG_ALPHA} < threshold)`,
  derivatives: { theta: `select(0.0, 1.0, ${LOG_ALPHA} < threshold)` },
};

const SLOPE = (logAlpha: string) =>
  `(-${K1} * ${K3} * logistic(${K2} + ${K3} * ${logAlpha}) * logistic(-${K2} - ${K3} * ${logAlpha})
    - 0.5 * logistic(-${logAlpha}))`;

/** KL divergence of one weight from the log-uniform prior, with log α clipped to ±limit. */
export const KL_DIVERGENCE: Formula = {
  name: 'KL divergence',
  inputs: ['theta', 'log_sigma2'],
  parameters: ['limit', 'epsilon'],
  value: klOf(`clamp(${LOG_ALPHA}, -limit, limit)`),
  derivatives: {
    theta: `select(${SLOPE(LOG_ALPHA)} * -2.0 * theta / ${SECOND_MOMENT}, 0.0, ${CLIPPED})`,
    log_sigma2: `select(${SLOPE(LOG_ALPHA)}, 0.0, ${CLIPPED})`,
  },
};

function klOf(logAlpha: string): string {
  return `${K1} * logistic(-${K2} - ${K3} * ${logAlpha}) + 0.5 * softplus(-${logAlpha})`;
}
