import { expFunction, LOG_FUNCTION } from '../elementary.ts';

/**
 * WGSL functions of float32 that formulas may call, each good to a few units in the last place on every
 * device:
 *
 *     exponential(x)   e^x, for |x| ≤ 87 (0 below, e^87 above)
 *     exact_log(x)     of a normal positive number
 *     logistic(x)      1 / (1 + e^−x)
 *     softplus(x)      log(1 + e^x)
 *     hyperbolic(x)    tanh x
 *
 * None of them overflows on the way, whatever x.
 */
const FUNCTIONS = /* wgsl */ `${expFunction('f32')}
${LOG_FUNCTION}
fn exponential(x: f32) -> f32 {
  let e = exact_exp(-abs(x));
  return select(e, 1.0 / max(e, 1.6458115e-38), x > 0.0);
}
fn logistic(x: f32) -> f32 {
  let e = exact_exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}
fn softplus(x: f32) -> f32 {
  let e = exact_exp(-abs(x));
  // log(1 + e) loses the bits of a small e.
  let series = e * (1.0 - e * (0.5 - e * (0.33333333 - e * 0.25)));
  return max(x, 0.0) + select(exact_log(1.0 + e), series, e < 0.02);
}
fn hyperbolic(x: f32) -> f32 {
  let e = exact_exp(-2.0 * abs(x));
  let square = x * x;
  // (1 − e) / (1 + e) loses the bits of a small x.
  let series = x * (1.0 - square * (0.33333333 - square * (0.13333333 - square * 0.053968254)));
  return select(sign(x) * (1.0 - e) / (1.0 + e), series, abs(x) < 0.1);
}`;

/** The functions, where the expression calls any. */
export function functionsFor(expression: string): string {
  const called = /\b(exponential|exact_log|logistic|softplus|hyperbolic)\(/.test(expression);
  return called ? FUNCTIONS : '';
}
