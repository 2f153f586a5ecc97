/*
 * Values of 16 bits are widened where they are read, which needs no feature of the device. Sums are float32.
 */

/** WGSL: one float of an array of 16-bit ones, two to a word. @param at expression of its index */
export function halfToFloat(array: string, at: string): string {
  return `unpack2x16float(${array}[(${at}) / 2u] >> (16u * ((${at}) & 1u))).x`;
}

/** WGSL: four floats from an expression of four 16-bit ones, two to a word. */
export function halvesToFloats(stored: string): string {
  return `vec4f(unpack2x16float(${stored}.x), unpack2x16float(${stored}.y))`;
}
