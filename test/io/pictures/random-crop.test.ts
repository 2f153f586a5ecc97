import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomKey, uniforms } from '../../../src/base/random.ts';
import { CROP_DRAWS, randomCrop } from '../../../src/io/pictures/random-crop.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';

const sides = fc.integer({ min: 1, max: 700 });
const seeds = fc.integer({ min: 0, max: 2 ** 32 });

describe('randomCrop', () => {
  it('lies in the picture, with area and aspect ratio within the bounds but for rounding', () =>
    holds(
      fc.asyncProperty(sides, sides, seeds, async (width, height, seed) => {
        const crop = randomCrop({ width, height }, uniforms(randomKey(seed), CROP_DRAWS));
        if (crop === undefined) return;
        assert.ok(crop.x >= 0 && crop.y >= 0 && crop.width > 0 && crop.height > 0);
        assert.ok(crop.x + crop.width <= width && crop.y + crop.height <= height);
        assert.ok(crop.width * crop.height >= 0.1 * width * height * (1 - 1e-6));
        // The ratio of the sides before the width was rounded.
        assert.ok((crop.width + 0.5) / crop.height >= 0.75 - 1e-6);
        assert.ok((crop.width - 0.5) / crop.height <= 4 / 3 + 1e-6);
      }),
      2000,
    ));

  it('is what the rules give, read word for word', () =>
    holds(
      fc.asyncProperty(sides, sides, seeds, async (width, height, seed) => {
        const draws = uniforms(randomKey(seed), CROP_DRAWS);
        assert.deepEqual(randomCrop({ width, height }, draws), byTheRules(width, height, draws));
      }),
      2000,
    ));

  it('reaches every part of a picture, and all areas from a tenth of it to all of it', () => {
    const [width, height] = [64, 48];
    const covered = new Uint32Array(width * height);
    const areas: number[] = [];
    let missed = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const crop = randomCrop({ width, height }, uniforms(randomKey(seed), CROP_DRAWS));
      if (crop === undefined) {
        missed++;
        continue;
      }
      areas.push((crop.width * crop.height) / (width * height));
      for (let y = crop.y; y < crop.y + crop.height; y++) {
        for (let x = crop.x; x < crop.x + crop.width; x++) covered[y * width + x]++;
      }
    }
    assert.ok(missed < 40, `${missed} without a crop`);
    assert.ok(Math.min(...areas) < 0.11 && Math.max(...areas) > 0.97);
    // The last row and column are in no crop that could be moved, as offsets stay below their bound; large ones reach them.
    assert.ok(Math.min(...covered) > 0);
  });

  it('gives nothing for a picture too narrow for any ratio', () => {
    assert.equal(randomCrop({ width: 1, height: 100 }, uniforms(randomKey(1), CROP_DRAWS)), undefined);
  });
});

/** The sampler as the specification words it, its largest height found by trying. Rounds as `rint` through text. */
function byTheRules(width: number, height: number, draws: ArrayLike<number>) {
  const f = Math.fround;
  for (let attempt = 0; attempt < 10; attempt++) {
    const [ratioDraw, heightDraw, yDraw, xDraw] = Array.from({ length: 4 }, (_, i) => draws[4 * attempt + i]);
    const ratio = f(f(0.75) + f(ratioDraw * f(f(4 / 3) - f(0.75))));
    const least = f(f(f(0.08) * width) * height);
    const most = width * height;
    let tallest = Math.min(rint(f(Math.sqrt(f(most / ratio)))), height);
    while (tallest > 0 && rint(f(tallest * ratio)) > width) tallest--;
    const shortest = Math.min(rint(f(Math.sqrt(f(least / ratio)))), tallest);
    let h = shortest + Math.floor(heightDraw * (tallest - shortest + 1));
    let w = rint(f(h * ratio));
    if (w * h < least) {
      h += 1;
      w = rint(f(h * ratio));
    }
    if (w * h > most) {
      h -= 1;
      w = rint(f(h * ratio));
    }
    if (w * h < least || w * h > most || w < 1 || h < 1 || w > width || h > height) continue;
    if (f(f(w * h) / f(width * height)) < f(0.1)) continue;
    const y = h === height ? 0 : Math.floor(yDraw * (height - h));
    const x = w === width ? 0 : Math.floor(xDraw * (width - w));
    return { x, y, width: w, height: h };
  }
  return undefined;
}

function rint(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value - Math.trunc(value)) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
