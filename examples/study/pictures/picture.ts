import { between, type Random } from '../draws.ts';
import { draw } from './draw.ts';
import { encodeJpeg } from './encode-jpeg.ts';
import { FIGURES } from './figures.ts';

/**
 * Side of the pictures, in pixels. An evaluation takes 7/8 of a side, whole pixels of it: 32, so that a network for 32 × 32
 * sees them as they were drawn.
 */
export const STORED_SIZE = 37;

/** A drawing and what it is of. */
export interface Drawing {
  /** Class, from 0: a place in `FIGURES`. */
  readonly label: number;
  readonly jpeg: Uint8Array;
}

/** Picture `i` of a set, in which each class comes as often as any other. */
export async function drawing(random: Random, i: number): Promise<Drawing> {
  const label = i % FIGURES.length;
  const data = draw(random, FIGURES[label], STORED_SIZE);
  const quality = between(random, 75, 95);
  return { label, jpeg: await encodeJpeg(data, STORED_SIZE, quality) };
}
