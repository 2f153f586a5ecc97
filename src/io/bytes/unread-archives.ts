/** Archives and compressed files that are not read, by their first bytes. */
const UNREAD: readonly (readonly [mark: readonly number[], name: string, unpack: string])[] = [
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'an xz file', 'xz -d'],
  [[0x42, 0x5a, 0x68], 'a bzip2 file', 'bzip2 -d'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd file', 'zstd -d'],
  [[0x04, 0x22, 0x4d, 0x18], 'an lz4 file', 'lz4 -d'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive', 'unzip'],
  [[0x50, 0x4b, 0x05, 0x06], 'a ZIP archive', 'unzip'],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive', '7z x'],
  [[0x52, 0x61, 0x72, 0x21, 0x1a, 0x07], 'a RAR archive', 'unrar x'],
];

/** What to say of a file that begins as an archive or compressed file does that is not read; undefined of others. */
export function unreadArchive(head: Uint8Array): string | undefined {
  const found = UNREAD.find(([mark]) => mark.every((byte, i) => head[i] === byte));
  return found && `is ${found[1]}, which is not read; unpack it first (${found[2]})`;
}
