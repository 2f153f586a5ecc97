import type { Random } from './random.ts';

/** Rows and columns of a picture. */
export const DIGIT_SIZE = 8;
export const DIGIT_PIXELS = DIGIT_SIZE * DIGIT_SIZE;

/** Strokes of the digits on 3 × 5 pixels. */
const STROKES = [
  '###|#.#|#.#|#.#|###',
  '.#.|##.|.#.|.#.|###',
  '###|..#|###|#..|###',
  '###|..#|.##|..#|###',
  '#.#|#.#|###|..#|..#',
  '###|#..|###|..#|###',
  '###|#..|###|#.#|###',
  '###|..#|.#.|.#.|.#.',
  '###|#.#|###|#.#|###',
  '###|#.#|###|..#|###',
].map((rows) => rows.split('|'));

/** Pictures of digits, row-major one after the other, with what they show. */
export interface Digits {
  readonly pictures: Float32Array;
  readonly labels: Uint32Array;
}

/** Draws digits somewhere on their pictures, in ink of any strength, on noise. */
export function drawDigits(random: Random, count: number): Digits {
  const labels = Uint32Array.from({ length: count }, () => Math.floor(random() * STROKES.length));
  const pictures = new Float32Array(count * DIGIT_PIXELS);
  labels.forEach((label, n) => {
    const top = 1 + Math.floor(random() * 2);
    const left = 1 + Math.floor(random() * 4);
    const ink = 0.7 + 0.6 * random();
    for (let i = 0; i < DIGIT_PIXELS; i++) {
      const stroke = STROKES[label][Math.floor(i / DIGIT_SIZE) - top]?.[(i % DIGIT_SIZE) - left];
      pictures[n * DIGIT_PIXELS + i] = (stroke === '#' ? ink : 0) + 0.4 * (random() - 0.5);
    }
  });
  return { pictures, labels };
}
