import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gpu } from '../../../src/graph/device/gpu.ts';
import { elements, type Scope } from '../../../src/graph/device/scope.ts';
import { convolution as trainedConvolution } from '../../../src/graph/differentiation/convolution.ts';
import { square } from '../../../src/graph/differentiation/elementwise.ts';
import { batchedProduct } from '../../../src/graph/differentiation/product.ts';
import { sum } from '../../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../../src/graph/differentiation/tape.ts';
import { convolution, pictureColumns } from '../../../src/graph/operations/convolution-operations.ts';
import { product } from '../../../src/graph/operations/operations.ts';
import type { Graph } from '../../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../../src/graph/plan/node.ts';
import {
  denseConvolutionTilings,
  kernelGradientTilings,
  matmulTilings,
  sparseConvolutionTilings,
  spmmTilings,
  stridedProductTilings,
  trainingConvolutionTilings,
} from '../../../src/graph/tuning/tilings.ts';
import { Tuning } from '../../../src/graph/tuning/tuning.ts';
import { uploadConvolution } from '../../../src/graph/weights/convolution-weight.ts';
import { csrFromDense } from '../../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../../src/graph/weights/weight.ts';
import { denseConvolutionGrid, denseConvolutionMemory } from '../../../src/wgsl/dense-convolution.ts';
import { matmulMemory } from '../../../src/wgsl/matmul.ts';
import { sparseConvolutionGrid, sparseConvolutionMemory } from '../../../src/wgsl/sparse-convolution.ts';
import { spmmMemory } from '../../../src/wgsl/spmm.ts';
import { stridedProductMemory } from '../../../src/wgsl/training/strided-product.ts';
import { compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, inGuise } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { floats, randomFrom, sparsify } from '../../support/random.ts';

/** What every WebGPU device allows. */
const MOST_INVOCATIONS = 256;
const MOST_DEEP = 64;
const WORKGROUP_MEMORY = 16_384;
const MOST_WORKGROUPS = 65_535;
/** Of what the first convolution of a ResNet gives for 64 pictures. */
const MOST_PIXELS = 64 * 112 * 112;
/** Kernels that a tuner has the patience to compile. */
const MOST_TILINGS = 8;

const target = fc.record({
  deviceClass: fc.constantFrom(...DEVICE_CLASSES),
  features: fc.record({
    timestampQuery: fc.boolean(),
    longLoops: fc.boolean(),
  }),
});

/** Each tiling is there once, and all its numbers are whole and at least 1. */
function assertSound(tilings: readonly object[]): void {
  assert.ok(tilings.length >= 1 && tilings.length <= MOST_TILINGS);
  assert.equal(new Set(tilings.map((tiling) => JSON.stringify(tiling))).size, tilings.length);
  for (const tiling of tilings) {
    const counts = Object.values(tiling).filter((value) => typeof value === 'number');
    assert.ok(counts.every((count) => Number.isInteger(count) && count >= 1));
  }
}

/** Products of every size. */
const productSize = fc.record({
  rows: fc.integer({ min: 1, max: 40_000 }),
  columns4: fc.integer({ min: 1, max: 3000 }),
  entries: fc.integer({ min: 0, max: 4096 }),
});

test('the workgroups of products fit every device, and leave no lane without columns', () => {
  fc.assert(
    fc.property(target, productSize, (target, size) => {
      const { columns4 } = size;
      const [sparse, dense] = [spmmTilings(target, size), matmulTilings(target, size)];
      for (const tilings of [sparse, dense]) {
        assertSound(tilings);
        for (const { lanesN, lanesM, lanesK, vectors } of tilings) {
          assert.ok(lanesN * lanesM * lanesK <= MOST_INVOCATIONS && lanesK <= MOST_DEEP);
          assert.ok(lanesN * vectors < 2 * columns4 || lanesN * vectors <= 8);
        }
      }
      assert.ok(sparse.every((tiling) => spmmMemory(tiling) <= WORKGROUP_MEMORY));
      assert.ok(dense.every((tiling) => matmulMemory(tiling) <= WORKGROUP_MEMORY));
    }),
  );
});

test('products and dense convolutions sum in blocks of one length, whatever their size', () => {
  fc.assert(
    fc.property(target, productSize, productSize, (target, one, other) => {
      const pixels = (size: typeof one) => ({ filters: size.rows, pixels: 4 * size.columns4 });
      for (const tilings of [
        [...spmmTilings(target, one), ...spmmTilings(target, other)],
        [...matmulTilings(target, one), ...matmulTilings(target, other)],
        [...denseConvolutionTilings(target, pixels(one)), ...denseConvolutionTilings(target, pixels(other))],
      ]) {
        assert.equal(new Set(tilings.map(({ block }) => block)).size, 1);
      }
    }),
  );
});

test('the workgroups of convolutions fit every device, and so does the number of those of the best guess', () => {
  const pixels = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(MOST_PIXELS - 1, MOST_PIXELS));
  fc.assert(
    fc.property(target, pixels, fc.integer({ min: 1, max: 8192 }), (target, pixels, filters) => {
      const sparse = sparseConvolutionTilings(target, { filters, pixels });
      const dense = denseConvolutionTilings(target, { filters, pixels });
      for (const tilings of [sparse, dense]) {
        assertSound(tilings);
        for (const { lanesN, lanesM, lanesK } of tilings) {
          assert.ok(lanesN * lanesM * lanesK <= MOST_INVOCATIONS && lanesK <= MOST_DEEP);
        }
      }
      assert.ok(sparse.every((tiling) => sparseConvolutionMemory(tiling) <= WORKGROUP_MEMORY));
      assert.ok(dense.every((tiling) => denseConvolutionMemory(tiling) <= WORKGROUP_MEMORY));
      for (const grid of [
        sparseConvolutionGrid(sparse[0], filters, pixels),
        denseConvolutionGrid(dense[0], filters, pixels),
      ]) {
        assert.ok(grid.every((count) => count >= 1 && count <= MOST_WORKGROUPS));
      }
    }),
  );
});

/** Runs every kernel that a tuner could choose for the dispatches of a graph, each with a result of its own. */
async function assertEqualBits(gpu: Gpu, record: (graph: Graph, scope: Scope) => void): Promise<void> {
  const kernels: string[][] = [];
  const results = await compute(gpu, (graph, scope) => {
    const results: Record<string, GraphTensor> = {};
    graph.dispatchFastest = ({ candidates }, parameters, tensors) => {
      const [usual] = candidates;
      graph.dispatch(usual.kernel, usual.grid, parameters, tensors);
      const output = usual.kernel.bindings.find(({ access }) => access === 'read_write')!.name;
      const names = candidates.map(({ kernel }) => `${kernels.length}: ${kernel.name}`);
      assert.equal(new Set(names).size, candidates.length, 'two kernels of one name');
      candidates.forEach(({ kernel, grid }, i) => {
        const result = graph.tensor(kernel.name, tensors[output].shape);
        graph.dispatch(kernel, grid, parameters, { ...tensors, [output]: result });
        results[names[i]] = result;
      });
      kernels.push(names);
    };
    record(graph, scope);
    return results;
  });
  assert.ok(kernels.length > 0);
  for (const [usual, ...others] of kernels) {
    assert.ok(others.length > 0);
    for (const kernel of others) assert.deepEqual(results[kernel], results[usual], kernel);
  }
}

for (const deviceClass of DEVICE_CLASSES) {
  test(`whatever a tuner chooses gives the same bits, ${deviceClass}`, async () => {
    const device = await testGpu();
    const gpu = inGuise(device, { deviceClass, tuning: await Tuning.open(device.adapter, { budget: 1 }) });
    const random = randomFrom(7);
    for (const format of ['sparse', 'dense'] as const) {
      const values = (rows: number, cols: number) =>
        sparsify(random, floats(random, rows * cols, 6), cols, format === 'sparse' ? 0.4 : 1, 'empty rows');
      for (const columns4 of [3, 4, 33]) {
        const [rows, cols] = [37, 401];
        await assertEqualBits(gpu, (graph, scope) => {
          const matrix = csrFromDense(values(rows, cols), rows, cols);
          const x = scope.upload('x', [cols, 4 * columns4], floats(random, cols * 4 * columns4, 6));
          product(graph, uploadWeight(scope, 'W', matrix, { format }), x);
        });
      }
      // More and fewer pixels than a GPU would be idle with, and taps with more entries than a segment has.
      for (const { channels, filters, batch } of [
        { channels: 9, filters: 21, batch: 2 },
        { channels: 135, filters: 9, batch: 1 },
      ]) {
        await assertEqualBits(gpu, (graph, scope) => {
          const cols = 9 * channels;
          const matrix = csrFromDense(values(filters, cols), filters, cols);
          const window = { size: 3, stride: 1, padBefore: 1 };
          const pictures = { batch, height: 13, width: 14 };
          const columns = pictureColumns(pictures);
          const tensor = scope.upload('x', [channels, columns], floats(random, channels * columns, 6));
          const weight = uploadConvolution(scope, 'W', matrix, window, { format });
          convolution(graph, weight, { tensor, ...pictures });
        });
      }
    }
  });
}

const extent = fc.integer({ min: 1, max: 5000 });

test('the workgroups of training fit every device', () => {
  fc.assert(
    fc.property(target, extent, extent, (target, rows, columns) => {
      const products = stridedProductTilings(target, { rows, columns });
      const convolutions = trainingConvolutionTilings(target, { channels: rows, pictures: columns });
      const gradients = kernelGradientTilings(target, { rows, columns });
      for (const tilings of [products, convolutions, gradients]) {
        assertSound(tilings);
        for (const tiling of tilings) {
          // No more than registers have room for.
          assert.ok(tiling.rows * tiling.columns <= 128);
        }
      }
      assert.ok(products.every(({ lanesN, lanesM }) => lanesN * lanesM <= MOST_INVOCATIONS));
      assert.ok(products.every((tiling) => stridedProductMemory(tiling) <= WORKGROUP_MEMORY));
      assert.ok([...convolutions, ...gradients].every(({ lanes }) => lanes <= MOST_INVOCATIONS));
    }),
  );
});

for (const deviceClass of DEVICE_CLASSES) {
  test(`whatever a tuner chooses trains to the same bits, ${deviceClass}`, async () => {
    const device = await testGpu();
    const gpu = inGuise(device, { deviceClass, tuning: await Tuning.open(device.adapter, { budget: 1 }) });
    const random = randomFrom(8);
    const upload = (scope: Scope, name: string, shape: readonly number[]) =>
      scope.upload(name, shape, floats(random, elements({ shape }), 6));
    // Sums of more and fewer terms than a block has, and results with and without ragged tiles.
    for (const [rows, depth, columns, batches] of [
      [37, 150, 45, 1],
      [64, 64, 40, 1],
      [20, 16, 20, 6],
    ]) {
      for (const [ta, tb] of [
        [false, false],
        [true, true],
      ]) {
        await assertEqualBits(gpu, (graph, scope) => {
          const [a, b] = [
            upload(scope, 'a', [batches, rows * depth]),
            upload(scope, 'b', [batches, depth * columns]),
          ];
          batchedProduct(graph, a, b, graph.tensor('c', [batches, rows * columns]), {
            ...{ rows, depth, columns, batches, c_row: columns },
            ...{ a_row: ta ? 1 : depth, a_depth: ta ? rows : 1 },
            ...{ b_depth: tb ? 1 : columns, b_column: tb ? depth : 1 },
            ...{ inner: 1, a_inner: 0, b_inner: 0, c_inner: 0 },
            ...{ a_outer: rows * depth, b_outer: depth * columns, c_outer: rows * columns },
            ...{ chunks: 1, chunk_depth: depth, c_chunk: 0 },
          });
        });
      }
    }
    for (const [ins, outs, stride] of [
      [3, 20, 2],
      [18, 9, 1],
    ]) {
      const pictures = { count: 10, height: 7, width: 6 };
      await assertEqualBits(gpu, (graph, scope) => {
        const tape = new Tape(graph);
        const kernel = upload(scope, 'kernel', [3, 3, ins, outs]);
        const x = upload(scope, 'x', [ins, 10 * 7 * 6]);
        const y = trainedConvolution(tape, kernel, x, { pictures, stride, padding: 'same' });
        tape.gradients(sum(tape, square(tape, y)), [kernel, x]);
      });
    }
  });
}
