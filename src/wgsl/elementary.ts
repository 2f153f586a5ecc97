/**
 * Exponential and logarithm to about one unit in the last place on every device. WGSL's own may be off by 3 + 2|x| units
 * (exp) and by 2⁻²¹ (log near 1), which adds up over a hundred decoding steps. Range reduction and polynomials after Cephes
 * (Moshier, `expf` and `logf`).
 */

/** WGSL function `name(x)` for x ≤ 0; what would be subnormal is 0. */
export function expFunction(type: 'f32' | 'vec4f', name = 'exact_exp'): string {
  const ints = type === 'f32' ? 'i32' : 'vec4i';
  return /* wgsl */ `
fn ${name}(x: ${type}) -> ${type} {
  let inside = max(x, ${type}(-87.0));
  let n = round(inside * 1.44269504);
  // ln 2 in two parts, the first with so few bits that its product with n is exact. It is no fma: two of one factor inside each
  // other are what some drivers add up to one.
  let r = fma(n, ${type}(2.12194440e-4), inside - n * 0.693359375);
  var p = fma(r, ${type}(1.9875691500e-4), ${type}(1.3981999507e-3));
  p = fma(p, r, ${type}(8.3334519073e-3));
  p = fma(p, r, ${type}(4.1665795894e-2));
  p = fma(p, r, ${type}(1.6666665459e-1));
  p = fma(p, r, ${type}(5.0000001201e-1));
  let e = fma(p * r, r, r) + 1.0;
  let power = bitcast<${type}>((${ints}(n) + 127) << ${type === 'f32' ? '23u' : 'vec4u(23u)'});
  return select(e * power, ${type}(), x < ${type}(-87.0));
}`;
}

/** WGSL `exact_log(x)` of a normal positive number. */
export const LOG_FUNCTION = /* wgsl */ `
fn exact_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var exponent = f32(i32(bits >> 23u) - 127);
  var mantissa = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  if (mantissa > 1.41421356) {
    mantissa *= 0.5;
    exponent += 1.0;
  }
  let f = mantissa - 1.0;
  var p = fma(f, 7.0376836292e-2, -1.1514610310e-1);
  p = fma(p, f, 1.1676998740e-1);
  p = fma(p, f, -1.2420140846e-1);
  p = fma(p, f, 1.4249322787e-1);
  p = fma(p, f, -1.6668057665e-1);
  p = fma(p, f, 2.0000714765e-1);
  p = fma(p, f, -2.4999993993e-1);
  p = fma(p, f, 3.3333331174e-1);
  let square = f * f;
  let small = fma(-0.5, square, fma(p * f, square, exponent * -2.12194440e-4));
  return fma(exponent, 0.693359375, f + small);
}`;
