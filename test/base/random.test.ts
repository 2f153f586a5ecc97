import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import {
  derivedKey,
  fillUniforms,
  normals,
  philox,
  type RandomKey,
  randomKey,
  uniforms,
} from '../../src/base/random.ts';
import { readFloats, Scope } from '../../src/graph/device/scope.ts';
import { randomNumbers, uploadKey, writeKey } from '../../src/graph/operations/random.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { asFloats, compute, kept } from '../support/compute.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { holds } from '../support/property.ts';

const randomKeys: fc.Arbitrary<RandomKey> = fc
  .record({ seed: fc.maxSafeNat(), purpose: fc.nat() })
  .map(({ seed, purpose }) => derivedKey(randomKey(seed), purpose));

const streams = fc.oneof(fc.nat(3), fc.constant(0xffffffff));

test('Philox gives the published answers', () => {
  // Lines "philox4x32 10" of tests/kat_vectors of the Random123 distribution: counter, key, result.
  for (const line of [
    '00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8',
    'ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd',
    '243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1',
  ]) {
    const [c0, c1, c2, c3, k0, k1, ...result] = line.split(' ').map((hex) => Number.parseInt(hex, 16));
    assert.deepEqual(philox([k0, k1], [c0, c1, c2, c3]), result);
  }
});

test('the words of Philox are those of its definition in whole numbers of any size', () => {
  const wide = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.tuple(wide, wide), fc.tuple(wide, wide, wide, wide), (key, counter) => {
      let [k0, k1, c0, c1, c2, c3] = [...key, ...counter].map(BigInt);
      for (let round = 0; round < 10; round++) {
        const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & 0xffffffffn, (p0 >> 32n) ^ c3 ^ k1, p0 & 0xffffffffn];
        [k0, k1] = [(k0 + 0x9e3779b9n) & 0xffffffffn, (k1 + 0xbb67ae85n) & 0xffffffffn];
      }
      assert.deepEqual(philox(key, counter), [c0, c1, c2, c3].map(Number));
    }),
  );
});

test('a stream begins the same however much of it is drawn', () => {
  fc.assert(
    fc.property(randomKeys, streams, fc.nat(30), fc.nat(30), (key, stream, count, more) => {
      for (const draw of [uniforms, normals]) {
        assert.deepEqual(draw(key, count + more, stream).slice(0, count), draw(key, count, stream));
      }
    }),
  );
});

test('an array is filled with a stream from any of its blocks on', () => {
  fc.assert(
    fc.property(randomKeys, streams, fc.nat(10), fc.nat(30), (key, stream, block, count) => {
      const values = new Float32Array(count);
      fillUniforms(values, key, block, stream);
      assert.deepEqual([...values], [...uniforms(key, 4 * block + count, stream).subarray(4 * block)]);
    }),
  );
});

test('keys and streams that differ give numbers that differ', () => {
  const key = randomKey(7);
  const drawn = [
    uniforms(key, 8),
    uniforms(key, 8, 1),
    uniforms(randomKey(8), 8),
    uniforms(randomKey(7 + 2 ** 32), 8),
    uniforms(derivedKey(key, 0), 8),
    uniforms(derivedKey(key, 1), 8),
  ];
  assert.equal(new Set(drawn.flatMap((numbers) => [...numbers])).size, 48);
});

/** Standard deviations by which a mean of independent draws may be off: 5 are exceeded once in 1.7 million trials. */
const SIGMAS = 5;

test('uniform numbers are even, in [0, 1), and 24 bits long', () => {
  const count = 40_000;
  const numbers = uniforms(randomKey(1), count);
  const perBin = new Array<number>(64).fill(0);
  for (const number of numbers) {
    assert.ok(number >= 0 && number < 1 && Number.isInteger(number * 2 ** 24));
    perBin[Math.floor(number * 64)]++;
  }
  const expected = count / 64;
  const chiSquare = perBin.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
  assert.ok(
    Math.abs(chiSquare - 63) < SIGMAS * Math.sqrt(2 * 63),
    `χ² = ${chiSquare} with 63 degrees of freedom`,
  );
});

test('normal numbers have the moments of the standard normal distribution, and neighbours are uncorrelated', () => {
  const count = 40_000;
  const numbers = normals(randomKey(2), count);
  // Means of x, x², x³, x⁴ with the variances of what is averaged.
  for (const [power, mean, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ]) {
    const found = numbers.reduce((sum, x) => sum + x ** power, 0) / count;
    assert.ok(Math.abs(found - mean) < SIGMAS * Math.sqrt(variance / count), `moment ${power}: ${found}`);
  }
  for (const distance of [1, 2, 4]) {
    const terms = count - distance;
    let product = 0;
    for (let i = 0; i < terms; i++) product += numbers[i] * numbers[i + distance];
    assert.ok(Math.abs(product / terms) < SIGMAS / Math.sqrt(terms), `${distance} apart: ${product / terms}`);
  }
});

test('the device draws the same streams, uniform numbers to the bit', async () => {
  const gpu = await testGpu();
  const shapes = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }));
  const orders = fc.constantFrom('row-major' as const, 'column-major' as const);
  await holds(
    fc.asyncProperty(randomKeys, streams, shapes, orders, async (key, stream, [features, columns], order) => {
      const { uniform, normal } = await compute(gpu, (graph, scope) => {
        const draw = (distribution: 'uniform' | 'normal') =>
          randomNumbers(graph, uploadKey(scope, key), [features, columns], { distribution, order, stream });
        return { uniform: draw('uniform'), normal: draw('normal') };
      });
      const expected = {
        uniform: uniforms(key, features * columns, stream),
        normal: normals(key, features * columns, stream),
      };
      for (let i = 0; i < features * columns; i++) {
        const at = order === 'row-major' ? i : (i % features) * columns + Math.floor(i / features);
        assert.equal(asFloats(uniform)[at], expected.uniform[i]);
        assert.ok(Math.abs(asFloats(normal)[at] - expected.normal[i]) < 2e-6);
      }
    }),
    30,
  );
});

test('normal numbers of the device are accurate over many draws, and a new key draws anew', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, 'draws');
  const count = 1 << 16;
  const key = uploadKey(scope, randomKey(3));
  const drawn = randomNumbers(graph, key, [count], { distribution: 'normal', order: 'row-major', stream: 0 });
  const result = kept(graph, scope, drawn);
  using plan = await graph.plan();
  for (const seed of [3, 4]) {
    writeKey(scope, key, randomKey(seed));
    plan.run();
    const expected = normals(randomKey(seed), count);
    const worst = (await readFloats(gpu, result, count)).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - expected[i])),
      0,
    );
    assert.ok(worst < 2e-6, `off by ${worst}`);
  }
});

test('seeds, streams and counts that are no whole numbers are refused', () => {
  assert.throws(() => randomKey(-1), UsageError);
  assert.throws(() => randomKey(0.5), UsageError);
  assert.throws(() => uniforms(randomKey(0), -1), UsageError);
  assert.throws(() => normals(randomKey(0), 4, 2 ** 32), UsageError);
  assert.throws(() => derivedKey(randomKey(0), 1.5), /purpose 1\.5/);
});
