import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw } from '../../examples/study/pictures/draw.ts';
import { FIGURES } from '../../examples/study/pictures/figures.ts';
import { drawing, STORED_SIZE } from '../../examples/study/pictures/picture.ts';
import { decodeJpeg } from '../../src/io/jpeg/decode.ts';
import { evaluationWindow } from '../../src/io/pictures/evaluation-picture.ts';
import { randomFrom } from '../support/random.ts';

test('there are ten digits and ten shapes, in turn', async () => {
  assert.deepEqual(
    FIGURES.slice(0, 10).map(({ name }) => name),
    Array.from({ length: 10 }, (_, digit) => `${digit}`),
  );
  assert.equal(new Set(FIGURES.map(({ name }) => name)).size, 20);
  const labels: number[] = [];
  for (let i = 0; i < 40; i++) labels.push((await drawing(randomFrom(i), i)).label);
  assert.deepEqual(labels, [...Array(20).keys(), ...Array(20).keys()]);
});

test('a seed gives the same picture, another another', async () => {
  const { jpeg } = await drawing(randomFrom(3), 4);
  assert.deepEqual(jpeg, (await drawing(randomFrom(3), 4)).jpeg);
  assert.notDeepEqual(jpeg, (await drawing(randomFrom(5), 4)).jpeg);
});

test('what is stored is seen by an evaluation as it was drawn', async () => {
  assert.deepEqual(evaluationWindow(STORED_SIZE, STORED_SIZE), { x: 3, y: 3, width: 32, height: 32 });
  const { jpeg } = await drawing(randomFrom(1), 12);
  const { width, height } = decodeJpeg(jpeg, { channels: 3 });
  assert.deepEqual([width, height], [STORED_SIZE, STORED_SIZE]);
});

test('every figure stands out from its ground and leaves some of it', () => {
  for (const [label, figure] of FIGURES.entries()) {
    for (let seed = 0; seed < 5; seed++) {
      const share = shareOf(draw(randomFrom(100 * label + seed), figure, STORED_SIZE));
      assert.ok(share > 0.03 && share < 0.75, `${figure.name}: ${share}`);
    }
  }
});

/** Share of the pixels that are much brighter or darker than the corners. */
function shareOf(pixels: Uint8Array): number {
  const brightness = (i: number) => 0.3 * pixels[4 * i] + 0.59 * pixels[4 * i + 1] + 0.11 * pixels[4 * i + 2];
  const last = STORED_SIZE ** 2 - 1;
  const corners = [0, STORED_SIZE - 1, last - STORED_SIZE + 1, last].map(brightness).sort((a, b) => a - b);
  const ground = (corners[1] + corners[2]) / 2;
  const differing = Array.from({ length: last + 1 }, (_, i) => Math.abs(brightness(i) - ground) > 30);
  return differing.filter(Boolean).length / differing.length;
}
