import { LOG_FUNCTION } from './elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/**
 * Random numbers of an explicit key: the streams of src/random.ts, the uniform ones to the bit, the normal ones to float32.
 *
 *     values[i] = number i of stream `stream` of the key         'row-major'
 *     values[i mod F, ⌊i / F⌋] = number i                          'column-major', values [F, N]
 *
 * Feature-major activations take 'column-major', so that a column gets the numbers that the row of a row-major batch gets.
 * An invocation makes one Philox block, four numbers. The key is a tensor: a plan draws anew whenever it is overwritten.
 */
export interface RandomVariant {
  /** Uniform in [0, 1), or standard normal. */
  readonly distribution: 'uniform' | 'normal';
  /** Which element gets which number of the stream. */
  readonly order: 'row-major' | 'column-major';
}

export function randomKernel({ distribution, order }: RandomVariant): Kernel {
  const at = order === 'row-major' ? 'n' : '(n % params.features) * columns + n / params.features';
  return kernel({
    name: `random ${distribution} ${order}`,
    parameters: [
      { name: 'count', type: 'u32' },
      { name: 'features', type: 'u32' },
      { name: 'stream', type: 'u32' },
    ],
    bindings: [
      { name: 'key', element: 'u32', access: 'read' },
      { name: 'values', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${PHILOX_FUNCTION}
${distribution === 'normal' ? NORMAL_FUNCTIONS : UNIFORM_FUNCTION}
${eachElement(
  '(params.count + 3u) / 4u',
  `  let columns = params.count / params.features;
  let words = philox(vec2u(key[0], key[1]), vec4u(i, 0u, 0u, params.stream));
  let numbers = ${distribution}_numbers(words);
  for (var part = 0u; part < 4u; part++) {
    let n = 4u * i + part;
    if (n < params.count) { values[${at}] = numbers[part]; }
  }`,
)}`,
  });
}

export function randomGrid(count: number): Grid {
  return linearGrid(ceilDivide(count, 4));
}

/** WGSL `philox(key, counter)`, Philox-4x32-10. */
const PHILOX_FUNCTION = /* wgsl */ `
fn high_product(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}

fn philox(key: vec2u, counter: vec4u) -> vec4u {
  var k = key;
  var c = counter;
  for (var round = 0u; round < 10u; round++) {
    c = vec4u(
      high_product(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      high_product(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`;

const UNIFORM_FUNCTION = /* wgsl */ `
fn uniform_numbers(words: vec4u) -> vec4f { return vec4f(words >> vec4u(8u)) * ${2 ** -24}; }
`;

/**
 * Box–Muller. WGSL's own sine and cosine may be off by 2⁻¹¹: the angle is brought to an eighth of a turn with integers, which
 * is exact, and Cephes' polynomials (Moshier, `sinf`, `cosf`) do the rest.
 */
const NORMAL_FUNCTIONS = /* wgsl */ `${LOG_FUNCTION}
// Cosine and sine of turns / 2²⁴ full turns.
fn cosine_sine(turns: u32) -> vec2f {
  // Quarters are numbered by their middles, so that what is left lies within an eighth of a turn of one.
  let shifted = turns + 0x200000u;
  let quarter = (shifted >> 22u) & 3u;
  let x = f32(i32(shifted & 0x3fffffu) - 0x200000) * ${(2 * Math.PI) / 2 ** 24};
  let z = x * x;
  let sine = fma(fma(fma(-1.9515295891e-4, z, 8.3321608736e-3), z, -1.6666654611e-1) * z, x, x);
  let cosine = fma(fma(fma(2.443315711809948e-5, z, -1.388731625493765e-3), z, 4.166664568298827e-2) * z, z,
    fma(-0.5, z, 1.0));
  switch quarter {
    case 0u: { return vec2f(cosine, sine); }
    case 1u: { return vec2f(-sine, cosine); }
    case 2u: { return vec2f(-cosine, -sine); }
    default: { return vec2f(sine, -cosine); }
  }
}

fn normal_numbers(words: vec4u) -> vec4f {
  let bits = words >> vec4u(8u);
  let u = vec2f(bits.xz + 1u) * ${2 ** -24};
  let radius = sqrt(max(-2.0 * vec2f(exact_log(u.x), exact_log(u.y)), vec2f()));
  return vec4f(radius.x * cosine_sine(bits.y), radius.y * cosine_sine(bits.w));
}
`;
