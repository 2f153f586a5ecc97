/** Longest name of a file in UTF-8: 255 bytes on most file systems, less a number and an ending. */
const MAX_BYTES = 240;

/**
 * Names of files for things that have a short name and a full one: the short ones, but the full ones of things whose
 * short names are one, and a number behind those whose full names are. Names that differ in case or in the form of their
 * accents only are one, as on the disks of macOS and Windows; characters that no file name may have become `_`.
 */
export function distinctFileNames(
  things: readonly { readonly short: string; readonly full: string }[],
): string[] {
  const shortNames = things.map(({ short }) => fileName(short));
  const times = new Map<string, number>();
  for (const name of shortNames) times.set(identity(name), (times.get(identity(name)) ?? 0) + 1);
  const taken = new Set<string>();
  return things.map(({ full }, i) => {
    const wanted = times.get(identity(shortNames[i])) === 1 ? shortNames[i] : fileName(full);
    let name = wanted;
    for (let number = 2; taken.has(identity(name)); number++) name = `${wanted}_${number}`;
    taken.add(identity(name));
    return name;
  });
}

function fileName(name: string): string {
  const allowed = name.replace(/[\p{Cc}\p{Cs}<>:"/\\|?*]/gu, '_').replace(/^[.\s]|[.\s]$/g, '_');
  return lastBytes(allowed) || '_';
}

/** The end of a name, which tells more than its beginning, as far as it fits. */
function lastBytes(name: string): string {
  const encoder = new TextEncoder();
  let room = MAX_BYTES;
  const characters = [...name];
  let start = characters.length;
  while (start > 0) {
    room -= encoder.encode(characters[start - 1]).length;
    if (room < 0) break;
    start--;
  }
  return characters.slice(start).join('');
}

function identity(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
