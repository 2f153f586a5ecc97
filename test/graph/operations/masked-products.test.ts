import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampledProduct, transposedProduct } from '../../../src/graph/operations/masked-products.ts';
import { uploadMaskedWeight } from '../../../src/graph/weights/masked-weight.ts';
import { assertWithin } from '../../support/accuracy.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { productOracle, sampledOracle } from '../../support/oracles.ts';
import { type PatternCase, patternCase, patternOf, storedPlaces } from '../../support/patterns.ts';
import { plainProduct } from '../../support/products.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom, smallIntegers } from '../../support/random.ts';

type Case = Pick<PatternCase, 'rows' | 'cols' | 'matrix'>;

/** Values as they are stored, from the elements of a dense matrix. */
function stored({ matrix }: Case, dense: ArrayLike<number>): number[] {
  return storedPlaces(matrix).map((place) => (place < 0 ? 0 : dense[place]));
}

for (const deviceClass of DEVICE_CLASSES) {
  test(`elements of a dense product are sampled where the pattern has entries: ${deviceClass}`, async () => {
    const gpu = await gpuAs(deviceClass);
    await holds(
      fc.asyncProperty(patternCase, fc.integer({ min: 1, max: 40 }), async (given, columns4) => {
        const { rows, cols, matrix, random } = given;
        const columns = 4 * columns4;
        const [c, b] = [floats(random, rows * columns, 8), floats(random, cols * columns, 8)];
        const { sampled } = await compute(gpu, (graph, scope) => ({
          sampled: sampledProduct(
            graph,
            uploadMaskedWeight(scope, 'a', matrix),
            scope.upload('c', [rows, columns], c),
            scope.upload('b', [cols, columns], b),
          ),
        }));
        const { value, bound } = sampledOracle({ rows, cols, columns, c, b });
        const got = asFloats(sampled).subarray(0, matrix.values.length);
        const expected = (of: Float64Array) => Float64Array.from(stored(given, of));
        assertWithin(got, { value: expected(value), bound: expected(bound) }, 'sampled');
      }),
      40,
    );
  });

  test(`the transposed product is that of the transposed matrix: ${deviceClass}`, async () => {
    const gpu = await gpuAs(deviceClass);
    await holds(
      fc.asyncProperty(patternCase, fc.integer({ min: 1, max: 12 }), async (given, columns4) => {
        const { rows, cols, dense, matrix, random } = given;
        const columns = 4 * columns4;
        const c = floats(random, rows * columns, 8);
        const { b } = await compute(gpu, (graph, scope) => ({
          b: transposedProduct(
            graph,
            uploadMaskedWeight(scope, 'a', matrix),
            scope.upload('c', [rows, columns], c),
          ),
        }));
        const transposed = dense.map((_, i) => dense[(i % rows) * cols + Math.floor(i / rows)]);
        assertWithin(asFloats(b), productOracle(plainProduct(transposed, cols, c, rows)), 'b');
      }),
      20,
    );
  });
}

test('what is sampled and what is transposed are adjoint to the product, exactly where nothing rounds', async () => {
  await holds(
    fc.asyncProperty(
      patternCase,
      fc.integer({ min: 1, max: 6 }),
      async ({ rows, cols, mask, random }, columns4) => {
        const columns = 4 * columns4;
        const whole = smallIntegers(random, rows * cols);
        const { dense, matrix } = patternOf(rows, cols, mask, (place) => whole[place]);
        const [c, b] = [smallIntegers(random, rows * columns), smallIntegers(random, cols * columns)];
        const { sampled, back } = await compute(await testGpu(), (graph, scope) => {
          const weight = uploadMaskedWeight(scope, 'a', matrix);
          const ofC = scope.upload('c', [rows, columns], c);
          const ofB = scope.upload('b', [cols, columns], b);
          return {
            sampled: sampledProduct(graph, weight, ofC, ofB),
            back: transposedProduct(graph, weight, ofC),
          };
        });
        const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
          Array.from(x).reduce((sum, value, i) => sum + value * y[i], 0);
        const { value: product } = productOracle(plainProduct(dense, rows, b, cols));
        const expected = dot(c, product);
        assert.equal(dot(matrix.values, asFloats(sampled)), expected);
        assert.equal(dot(b, asFloats(back)), expected);
      },
    ),
    20,
  );
});

test('columns are found up to the last of 16 bits, and beyond', async () => {
  for (const cols of [65_536, 65_540]) {
    const random = randomFrom(cols);
    const [rows, columns] = [2, 4];
    const at = [0, 1, 65_535, cols - 1, cols + 7, 2 * cols - 1];
    const mask = new Array<boolean>(rows * cols).fill(false);
    for (const place of at) mask[place] = true;
    const given = patternOf(rows, cols, mask, (place) => 1 + (place % 7));
    const [c, b] = [smallIntegers(random, rows * columns), smallIntegers(random, cols * columns)];
    const { sampled, back } = await compute(await testGpu(), (graph, scope) => {
      const weight = uploadMaskedWeight(scope, 'a', given.matrix);
      const ofC = scope.upload('c', [rows, columns], c);
      const ofB = scope.upload('b', [cols, columns], b);
      return {
        sampled: sampledProduct(graph, weight, ofC, ofB),
        back: transposedProduct(graph, weight, ofC),
      };
    });
    const { value } = sampledOracle({ rows, cols, columns, c, b });
    const size = given.matrix.values.length;
    assert.deepEqual([...asFloats(sampled).subarray(0, size)], stored(given, value));
    for (const place of new Set(at.map((each) => each % cols))) {
      for (let n = 0; n < columns; n++) {
        const sum = given.dense[place] * c[n] + given.dense[cols + place] * c[columns + n];
        assert.equal(asFloats(back)[place * columns + n], sum);
      }
    }
  }
});

test('matrices that do not fit the pattern are named with their shapes', async () => {
  const { matrix } = patternOf(2, 3, [true, false, true, false, true, false], () => 1);
  await assert.rejects(
    compute(await testGpu(), (graph, scope) => ({
      y: sampledProduct(
        graph,
        uploadMaskedWeight(scope, 'a', matrix),
        scope.tensor('c', [2, 4]),
        scope.tensor('b', [4, 4]),
      ),
    })),
    {
      name: 'UsageError',
      message: 'a [2, 3] cannot sample c [2, 4] times the transpose of b [4, 4]',
    },
  );
});
