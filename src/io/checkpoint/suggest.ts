/** Comparing is quadratic in length, so longer names are compared by their ends, where tensor names differ most. */
const COMPARED_LENGTH = 80;

/** Up to `count` of `candidates` nearest to `wanted`, nearest first. */
export function closest(wanted: string, candidates: readonly string[], count = 3): string[] {
  const limit = Math.max(3, wanted.length / 3);
  return candidates
    .map((name) => ({ name, distance: distanceBetween(wanted, name) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name);
}

/** A name that ends in the other one is taken for it with its scope left out. */
function distanceBetween(wanted: string, name: string): number {
  if (name.endsWith(`/${wanted}`) || wanted.endsWith(`/${name}`)) return 0;
  return editDistance(wanted.slice(-COMPARED_LENGTH), name.slice(-COMPARED_LENGTH));
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
