/** Two digits a byte. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes that `hex` writes so. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Below, at or above 0 as `a` sorts before `b`, with it or after it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const differing = a.findIndex((byte, index) => byte !== b[index]);
  return differing < 0 ? a.length - b.length : a[differing] - (b[differing] ?? -1);
}
