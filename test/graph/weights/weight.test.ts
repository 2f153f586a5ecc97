import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { readWords, Scope } from '../../../src/graph/device/scope.ts';
import { product } from '../../../src/graph/operations/operations.ts';
import { csrFromDense } from '../../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../../src/graph/weights/weight.ts';
import { SPMM_ROW_WORDS } from '../../../src/wgsl/spmm.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';
import { floats, type Pattern, randomFrom, smallIntegers, sparsify } from '../../support/random.ts';

const matrix = {
  rows: fc.integer({ min: 1, max: 30 }),
  cols: fc.integer({ min: 1, max: 30 }),
  density: fc.double({ min: 0, max: 1, noNaN: true }),
  pattern: fc.constantFrom<Pattern>('scattered', 'empty rows', 'one full row'),
  seed: fc.nat(),
};
const matrixCase = fc.record(matrix);

test('a sparse weight lists each row once, longest first, with its entries and its bias', async () => {
  await holds(
    fc.asyncProperty(matrixCase, async ({ rows, cols, density, pattern, seed }) => {
      const random = randomFrom(seed);
      const dense = sparsify(random, floats(random, rows * cols, 4), cols, density, pattern);
      const bias = floats(random, rows, 4);
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const weight = uploadWeight(scope, 'W', csrFromDense(dense, rows, cols), { bias, format: 'sparse' });
      assert.ok(weight.kind === 'sparse');
      const swizzled = await readWords(gpu, weight.swizzledRows, rows * SPMM_ROW_WORDS);
      const packed = await readWords(gpu, weight.columns, Math.ceil(weight.columns.shape[0] / 2));
      const columns = new Uint16Array(packed.buffer);
      const values = asFloats(await readWords(gpu, weight.values));

      const restored = new Float32Array(rows * cols);
      const lengths: number[] = [];
      const seen = new Set<number>();
      for (let slot = 0; slot < rows; slot++) {
        const words = swizzled.slice(slot * SPMM_ROW_WORDS, (slot + 1) * SPMM_ROW_WORDS);
        const [row, start4, length4] = words;
        assert.equal(asFloats(words)[3], bias[row]);
        seen.add(row);
        lengths.push(length4);
        for (let i = 4 * start4; i < 4 * (start4 + length4); i++)
          restored[row * cols + columns[i]] += values[i];
      }
      assert.equal(seen.size, rows);
      assert.deepEqual(
        lengths,
        [...lengths].sort((a, b) => b - a),
      );
      assert.deepEqual(restored, dense);
      assert.equal(weight.nnz, dense.filter((value) => value !== 0).length);
    }),
    25,
  );
});

test('sparse and dense forms of a weight give the same product', async () => {
  await holds(
    fc.asyncProperty(
      matrixCase,
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      fc.constantFrom(...DEVICE_CLASSES),
      async ({ rows, cols, density, pattern, seed }, columns4, relu, deviceClass) => {
        const random = randomFrom(seed);
        // Of whole numbers all sums are exact, so that the forms cannot differ by rounding.
        const dense = sparsify(random, smallIntegers(random, rows * cols), cols, density, pattern);
        const bias = smallIntegers(random, rows);
        const input = smallIntegers(random, cols * 4 * columns4);
        const { sparse, full } = await compute(await gpuAs(deviceClass), (graph, scope) => {
          const x = scope.upload('x', [cols, 4 * columns4], input);
          const matrix = csrFromDense(dense, rows, cols);
          const times = (format: 'sparse' | 'dense') =>
            product(graph, uploadWeight(scope, format, matrix, { bias, format }), x, { relu });
          return { sparse: times('sparse'), full: times('dense') };
        });
        assert.deepEqual(
          asFloats(sparse).map((value) => value + 0),
          asFloats(full).map((value) => value + 0),
        );
      },
    ),
    20,
  );
});

test('a column gives the same bits however many stand beside it', async () => {
  const columns4 = fc.integer({ min: 2, max: 40 });
  await holds(
    fc.asyncProperty(
      fc.record({ ...matrix, cols: fc.integer({ min: 1, max: 500 }) }),
      columns4,
      fc.constantFrom(...DEVICE_CLASSES),
      async ({ rows, cols, density, pattern, seed }, columns4, deviceClass) => {
        const random = randomFrom(seed);
        const dense = sparsify(random, floats(random, rows * cols, 4), cols, density, pattern);
        const input = floats(random, cols * 4 * columns4, 4);
        const alone = Float32Array.from(
          { length: cols * 4 },
          (_, i) => input[(i >> 2) * 4 * columns4 + (i & 3)],
        );
        const gpu = await gpuAs(deviceClass);
        for (const format of ['sparse', 'dense'] as const) {
          const { all, first } = await compute(gpu, (graph, scope) => {
            const weight = uploadWeight(scope, format, csrFromDense(dense, rows, cols), { format });
            const times = (b: Float32Array) =>
              product(graph, weight, scope.upload('x', [cols, b.length / cols], b));
            return { all: times(input), first: times(alone) };
          });
          assert.deepEqual(
            first,
            first.map((_, i) => all[(i >> 2) * 4 * columns4 + (i & 3)]),
          );
        }
      },
    ),
    15,
  );
});

test('unless told, a weight is sparse when few of its entries are left, else dense', async () => {
  using scope = new Scope(await testGpu());
  const kindAt = (density: number) => {
    const dense = new Float32Array(100).map((_, i) => (i < 100 * density ? 1 : 0));
    return uploadWeight(scope, 'W', csrFromDense(dense, 10, 10)).kind;
  };
  assert.deepEqual([0, 0.1, 0.2, 0.7, 1].map(kindAt), ['sparse', 'sparse', 'sparse', 'dense', 'dense']);
});

test('a bias of the wrong length and a product of the wrong shape are refused, with the shapes', async () => {
  const matrix = csrFromDense(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3);
  await assert.rejects(
    compute(await testGpu(), (_, scope) => {
      uploadWeight(scope, 'W', matrix, { bias: new Float32Array(3) });
      return {};
    }),
    (error: Error) => error instanceof UsageError && /W \[2, 3\]: 3 biases for 2 rows/.test(error.message),
  );
  for (const [shape, message] of [
    [[2, 4], /W \[2, 3\] cannot multiply x \[2, 4\]/],
    [[3, 5], /x \[3, 5\]: columns must be a multiple of 4/],
  ] as const) {
    await assert.rejects(
      compute(await testGpu(), (graph, scope) => ({
        y: product(graph, uploadWeight(scope, 'W', matrix), graph.tensor('x', shape)),
      })),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  }
});
