/** Float32 values, row-major, with their shape. */
export type ShapedFloats = Float32Array & { readonly shape: readonly number[] };

export function withShape(values: Float32Array, shape: readonly number[]): ShapedFloats {
  return Object.assign(values, { shape });
}

/**
 * Feature-major activations `[features, columns]` as `[runs, length, features]`: columns lie in runs of `stride`, and the first
 * `length` of each count.
 */
export function featuresLast(
  featureMajor: Float32Array,
  features: number,
  { runs, length, stride }: { readonly runs: number; readonly length: number; readonly stride: number },
): ShapedFloats {
  const columns = runs * stride;
  const values = new Float32Array(runs * length * features);
  let to = 0;
  for (let run = 0; run < runs; run++) {
    for (let position = 0; position < length; position++) {
      const column = run * stride + position;
      for (let feature = 0; feature < features; feature++)
        values[to++] = featureMajor[feature * columns + column];
    }
  }
  return withShape(values, [runs, length, features]);
}
