/**
 * WGSL expression that tells, of each lane, whether it is not a number. `max` may drop such a value, and a comparison may be
 * compiled as if there were none: this looks at the bits. An overflow thus reaches the results, where it can be told.
 * @param value expression without side effects
 */
export function notANumber(value: string, type: 'f32' | 'vec4f'): string {
  const words = type === 'f32' ? 'u32' : 'vec4u';
  return `(bitcast<${words}>(${value}) & ${words}(0x7fffffffu)) > ${words}(0x7f800000u)`;
}
