/**
 * Place in the 8×8 block, by rows, of the coefficient a file gives as number k (ITU T.81, figure A.6).
 * Damaged data can count up to 15 past the end: those fall on the last place, as in libjpeg.
 */
export const ZIGZAG = Uint8Array.from({ length: 80 }, () => 63);

for (let diagonal = 0, k = 0; diagonal < 15; diagonal++) {
  const first = Math.max(0, diagonal - 7);
  for (let step = first; step <= diagonal - first; step++, k++) {
    const [down, right] = diagonal % 2 === 1 ? [step, diagonal - step] : [diagonal - step, step];
    ZIGZAG[k] = 8 * down + right;
  }
}
