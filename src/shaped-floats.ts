/** Float32 values, row-major, with their shape. */
export type ShapedFloats = Float32Array & { readonly shape: readonly number[] };

export function withShape(values: Float32Array, shape: readonly number[]): ShapedFloats {
  return Object.assign(values, { shape });
}
