import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { type Block, blockMask } from '../../../src/layers/pruning/block.ts';
import { histogramMask, sortMask } from '../../../src/layers/pruning/magnitude.ts';
import fc from '../../support/fast-check.ts';
import { floats, randomFrom } from '../../support/random.ts';
import { refused } from '../refused.ts';

const byHalf = (pooled: Float32Array | Float64Array) => sortMask(pooled, 0.5);
const TOP = [0.1, 0.1, 0.2, 0.2];
const BOTTOM = [0.3, 0.3, 0.4, 0.4];

describe('block pruning', () => {
  it('has the masks of the original’s tests', () => {
    const quarters = Float32Array.from([TOP, TOP, BOTTOM, BOTTOM].flat());
    const bottomHalf = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    for (const shape of [
      [4, 4],
      [1, 4, 4],
      [4, 1, 4],
    ]) {
      assert.deepEqual([...blockMask(quarters, shape, { height: 2, width: 2 }, byHalf).mask], bottomHalf);
    }
    const corners = quarters.map((value, i) => (Math.floor(i / 4) % 2 === 0 && i % 2 === 0 ? value : 0));
    assert.deepEqual(
      [...blockMask(corners, [4, 4], { height: 2, width: 2, pooling: 'max' }, byHalf).mask],
      bottomHalf,
    );
    const rows = Float32Array.from([0.1, 0.2, 0.3, 0.35].flatMap((mean) => [mean, mean, mean, mean]));
    assert.deepEqual([...blockMask(rows, [4, 4], { height: 1, width: -1 }, byHalf).mask], bottomHalf);
  });

  it('by histogram is decided as in the original’s test: 255 bins keep the half, 256 bins a quarter', () => {
    const quarters = Float32Array.from([TOP, TOP, BOTTOM, BOTTOM].flat());
    const kept = (bins: number) =>
      blockMask(quarters, [4, 4], { height: 2, width: 2 }, (pooled) => histogramMask(pooled, 0.51, { bins }));
    assert.equal(kept(255).kept, 8);
    assert.ok(Math.abs(kept(255).threshold - 0.299608) < 1e-6);
    assert.equal(kept(256).kept, 4);
  });

  it('keeps or prunes blocks as a whole: the Kronecker product of the decision and the block', () => {
    const extent = fc.integer({ min: 2, max: 12 });
    const size = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant(-1));
    fc.assert(
      fc.property(
        extent,
        extent,
        size,
        size,
        fc.constantFrom('mean', 'max'),
        fc.nat(),
        (rows, cols, h, w, pooling, seed) => {
          const weights = floats(randomFrom(seed), rows * cols, 1);
          const block = { height: h, width: w, pooling } as Block;
          const [height, width] = [h === -1 ? rows : h, w === -1 ? cols : w];
          let pooled = new Float32Array(0);
          const { mask, kept } = blockMask(weights, [rows, cols], block, (values) => {
            pooled = Float32Array.from(values);
            return byHalf(values);
          });
          assert.equal(pooled.length, Math.ceil(rows / height) * Math.ceil(cols / width));
          const decided = byHalf(pooled).mask;
          const across = Math.ceil(cols / width);
          pooled.forEach((found, at) => {
            const [top, left] = [Math.floor(at / across) * height, (at % across) * width];
            const inside = [...weights]
              .filter((_, i) => Math.floor(i / cols) >= top && Math.floor(i / cols) < top + height)
              .filter((_, i) => i % cols >= left && i % cols < left + width)
              .map(Math.abs);
            const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
            const expected = pooling === 'max' ? Math.max(...inside) : mean;
            assert.ok(
              Math.abs(Math.abs(found) - expected) <= 1e-6,
              `block ${at}: ${found}, expected ${expected}`,
            );
          });
          for (let r = 0; r < rows; r++) {
            for (let c = 0; c < cols; c++) {
              const at = Math.floor(r / height) * across + Math.floor(c / width);
              assert.equal(mask[r * cols + c], decided[at]);
            }
          }
          assert.equal(
            kept,
            mask.reduce((sum, value) => sum + value, 0),
          );
          if (pooling === 'mean' && rows % height === 0 && cols % width === 0) {
            const mean = (values: Float32Array) =>
              values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
            assert.ok(Math.abs(mean(pooled) - mean(weights)) <= 1e-6 * mean(weights));
          }
        },
      ),
    );
  });

  it('prunes what is no matrix, and blocks of one weight, element by element', () => {
    const weights = Float32Array.from({ length: 36 }, (_, i) => (i * 7) % 36);
    assert.deepEqual(blockMask(weights, [3, 3, 2, 2], { height: 2, width: 2 }, byHalf), byHalf(weights));
    assert.deepEqual(blockMask(weights, [36], { height: 2, width: 2 }, byHalf), byHalf(weights));
    assert.deepEqual(blockMask(weights, [6, 6], { height: 1, width: 1 }, byHalf), byHalf(weights));
  });

  it('refuses blocks that are none, and weights of another shape', () => {
    for (const height of [0, 1.5, -2]) {
      assert.throws(() => blockMask(new Float32Array(4), [2, 2], { height, width: 1 }, byHalf), UsageError);
    }
    // Blocks of one weight and of several.
    for (const height of [1, 2]) {
      refused(
        () => blockMask(new Float32Array(4), [3, 2], { height, width: 1 }, byHalf),
        /weights of shape \[3, 2\] have 4 values/,
      );
    }
  });
});
