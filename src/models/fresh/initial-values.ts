import { derivedKey, fillNormals, fillUniforms, type RandomKey } from '../../base/random.ts';

/** How the first values of a variable are drawn, each for itself. */
export type InitialValues =
  | { readonly kind: 'constant'; readonly value: number }
  /** Even in ±limit. */
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** Normal with mean 0, drawn again where it is beyond twice the deviation. */
  | { readonly kind: 'truncated normal'; readonly deviation: number };

/**
 * Draws so many values.
 * @param key the same key draws the same values
 */
export function drawInitialValues(
  initial: InitialValues,
  count: number,
  key: RandomKey,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  switch (initial.kind) {
    case 'constant':
      return values.fill(initial.value);
    case 'uniform':
      fillUniforms(values, key, 0);
      for (let i = 0; i < count; i++) values[i] = initial.limit * (2 * values[i] - 1);
      return values;
    case 'normal':
      fillNormals(values, key);
      for (let i = 0; i < count; i++) values[i] = initial.mean + initial.deviation * values[i];
      return values;
    case 'truncated normal':
      drawTruncated(values, key);
      for (let i = 0; i < count; i++) values[i] *= initial.deviation;
      return values;
  }
}

/** Standard normal values within ±2; those beyond are taken from the draws that follow the first `count`. */
function drawTruncated(values: Float32Array, key: RandomKey): void {
  fillNormals(values, key);
  let missing = placesBeyond(values, 2);
  for (let round = 0; missing.length > 0; round++) {
    const again = new Float32Array(missing.length);
    fillNormals(again, derivedKey(key, round));
    for (const [i, place] of missing.entries()) values[place] = again[i];
    missing = missing.filter((place) => Math.abs(values[place]) > 2);
  }
}

function placesBeyond(values: Float32Array, bound: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > bound) places.push(i);
  return places;
}
