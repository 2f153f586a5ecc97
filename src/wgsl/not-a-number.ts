/** What can hold a bit pattern of another type in WGSL. */
const WORDS = { f32: 'u32', vec4f: 'vec4u' } as const;

const INFINITY = '0x7f800000u';

/** WGSL expression of the bits of a value without its sign; those of what is not finite are at least those of infinity. */
export function magnitudeBits(value: string, type: 'f32' | 'vec4f'): string {
  const words = WORDS[type];
  return `(bitcast<${words}>(${value}) & ${words}(0x7fffffffu))`;
}

/**
 * WGSL expression that tells, of each lane, whether it is not a number. `max` may drop such a value, and a comparison may be
 * compiled as if there were none: this looks at the bits. An overflow thus reaches the results, where it can be told.
 * @param value expression without side effects
 */
export function notANumber(value: string, type: 'f32' | 'vec4f'): string {
  return `${magnitudeBits(value, type)} > ${WORDS[type]}(${INFINITY})`;
}

/**
 * WGSL expression of a value, lane by lane; not a number where what it came from had overflowed, although it may be finite
 * itself: the softmax of an infinite logit, what is divided by an infinite deviation.
 * @param bits `magnitudeBits` of what it came from, or the largest of several
 */
export function poisonedBy(bits: string, value: string, type: 'f32' | 'vec4f'): string {
  const words = WORDS[type];
  const poison = `select(${words}(), ${words}(0x7fc00000u), ${bits} >= ${words}(${INFINITY}))`;
  return `bitcast<${type}>(bitcast<${words}>(${value}) | ${poison})`;
}
