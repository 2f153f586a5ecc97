/** Names by which two records have different values, or only one has any. */
export function differingNames(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  isSame: (a: unknown, b: unknown) => boolean = (one, other) => one === other,
): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => !isSame(a[name], b[name]));
}
