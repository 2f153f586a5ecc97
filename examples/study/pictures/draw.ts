import { below, between, normal, type Random, within } from '../draws.ts';
import type { Figure } from './figures.ts';
import { markArea, markLine, type Point } from './geometry.ts';

/** Red, green and blue, 0 … 255. */
type Colour = readonly [red: number, green: number, blue: number];

/** Samples along a side of a pixel. */
const SAMPLES = 3;
/** By how much figure and ground differ in brightness, at least. */
const LEAST_CONTRAST = 60;

/** What a sample shows. */
const [FIGURE, LINE] = [1, 2];

/**
 * Draws a figure in a colour on a ground of another: turned, stretched, moved, often with a line across it, with noise on all.
 * @param size side of the picture, in pixels
 * @returns `[size, size, 4]`: red, green, blue and what is not read, as encoders of JPEG want it
 */
export function draw(random: Random, figure: Figure, size: number): Uint8Array {
  const [ground, colour] = contrasting(random);
  const side = SAMPLES * size;
  const marks = new Uint8Array(side * side);
  const parts = place(random, figure, side);
  const reach = (within(random, 0.07, 0.13) * side) / 2;
  for (const points of parts) {
    if (figure.kind === 'area') markArea(marks, side, points, FIGURE);
    else markStroke(marks, side, points, reach);
  }
  const distraction = anyColour(random);
  if (random() < 0.5) {
    const somewhere = (): Point => [within(random, 0, side), within(random, 0, side)];
    const line = { from: somewhere(), to: somewhere(), reach: between(random, 1, 2 * SAMPLES) / 2 };
    markLine(marks, side, line, LINE);
  }
  return withNoise(random, meanColours(marks, size, [ground, colour, distraction]));
}

function contrasting(random: Random): [Colour, Colour] {
  for (;;) {
    const colours = [anyColour(random), anyColour(random)] as [Colour, Colour];
    const [a, b] = colours.map(([red, green, blue]) => 0.3 * red + 0.59 * green + 0.11 * blue);
    if (Math.abs(a - b) > LEAST_CONTRAST) return colours;
  }
}

function anyColour(random: Random): Colour {
  return [below(random, 256), below(random, 256), below(random, 256)];
}

/** The parts of a figure, in samples of a grid of such a side. */
function place(random: Random, { parts }: Figure, side: number): Point[][] {
  const scale = within(random, 0.32, 0.44) * side;
  const stretch = within(random, 0.85, 1.15);
  const angle = (within(random, -20, 20) * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const middle = [side / 2 + within(random, -0.08, 0.08) * side, side / 2 + within(random, -0.1, 0.1) * side];
  return parts.map((points) =>
    points.map(([px, py]) => {
      const [x, y] = [px * scale * stretch, py * scale];
      return [middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos] as const;
    }),
  );
}

function markStroke(marks: Uint8Array, side: number, points: readonly Point[], reach: number): void {
  for (let i = 1; i < points.length; i++) {
    markLine(marks, side, { from: points[i - 1], to: points[i], reach }, FIGURE);
  }
}

/** @param colours of what the marks say @returns `[size, size, 4]` */
function meanColours(marks: Uint8Array, size: number, colours: readonly Colour[]): Float64Array {
  const mean = new Float64Array(4 * size * size);
  const side = SAMPLES * size;
  for (const [sample, mark] of marks.entries()) {
    const pixel =
      Math.floor(Math.floor(sample / side) / SAMPLES) * size + Math.floor((sample % side) / SAMPLES);
    for (let channel = 0; channel < 3; channel++) {
      mean[4 * pixel + channel] += colours[mark][channel] / SAMPLES ** 2;
    }
  }
  return mean;
}

function withNoise(random: Random, mean: Float64Array): Uint8Array {
  const deviation = within(random, 2, 10);
  return Uint8Array.from(mean, (value, i) => {
    if (i % 4 === 3) return 255;
    return Math.min(255, Math.max(0, Math.round(value + deviation * normal(random))));
  });
}
