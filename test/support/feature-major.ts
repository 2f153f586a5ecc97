/** A matrix `[features, columns]` whose columns are positions, as activations lie on the device. */
export interface Activations {
  readonly columns: number;
  readonly data: Float32Array;
}

/** Features `row … row + count − 1` of one column. */
export function featuresOf(
  { data, columns }: Activations,
  column: number,
  row: number,
  count: number,
): Float32Array {
  return Float32Array.from({ length: count }, (_, d) => data[(row + d) * columns + column]);
}
