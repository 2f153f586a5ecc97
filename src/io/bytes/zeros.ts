/** Bytes that are 0, as many as files are unpacked at a time. */
export const ZEROS = new Uint8Array(2 ** 18);

/** Whether all bytes are 0. */
export function isZero(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at === bytes.length;
}
