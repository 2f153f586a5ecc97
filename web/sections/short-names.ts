/** Names of variables without the folders that all of them begin with, and those that all end with. */
export function shortNames(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split('/'));
  const first = commonParts(parts);
  const last = commonParts(parts.map((each) => each.slice(first).reverse()));
  return parts.map((each) => each.slice(first, each.length - last).join('/'));
}

/** How many parts all lists begin with; every list keeps one of its own. */
function commonParts(lists: readonly (readonly string[])[]): number {
  const shortest = Math.min(...lists.map(({ length }) => length));
  let count = 0;
  while (count < shortest - 1 && lists.every((list) => list[count] === lists[0][count])) count++;
  return count;
}
