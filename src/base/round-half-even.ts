/** Rounds to the nearest whole number, of two as near to the even one, as `rint` does. @param value 0 or more */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
