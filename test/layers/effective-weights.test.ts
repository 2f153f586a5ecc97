import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../src/base/errors.ts';
import { TECHNIQUES, type Technique } from '../../src/base/technique.ts';
import { checkCsr, csrToDense } from '../../src/graph/weights/csr.ts';
import { readEffectiveMatrix } from '../../src/layers/effective-weights.ts';
import type { Site } from '../../src/layers/site.ts';
import fc from '../support/fast-check.ts';
import { type MemoryTensor, memoryCheckpoint } from '../support/memory-checkpoint.ts';

/** A weight with its companion: values around the decisions, exact zeros and ends of the range among them. */
const element = fc.record({
  weight: fc.oneof(fc.constantFrom(0, -0, 1e-30, 0.1, 3e38), fc.float({ min: -2, max: 2, noNaN: true })),
  mask: fc.constantFrom(0, 1),
  logSigma2: fc.float({ min: -20, max: 5, noNaN: true }),
  logAlpha: fc.oneof(fc.constantFrom(-100, 0, 100), fc.float({ min: -5, max: 5, noNaN: true })),
});

interface StoredMatrix {
  rows: number;
  cols: number;
  elements: { weight: number; mask: number; logSigma2: number; logAlpha: number }[];
}

const stored = (rows: fc.Arbitrary<number>, cols: fc.Arbitrary<number>): fc.Arbitrary<StoredMatrix> =>
  fc.tuple(rows, cols).chain(([rows, cols]) =>
    fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      elements: fc.array(element, { minLength: rows * cols, maxLength: rows * cols }),
    }),
  );
const size = fc.integer({ min: 1, max: 9 });
const sizeOrNone = fc.integer({ min: 0, max: 9 });
const technique = fc.constantFrom(...TECHNIQUES);
const threshold = fc.constantFrom(0, 1.5, 2.5, 3);
const cuts = fc.record({
  weights: fc.integer({ min: 1, max: 20 }),
  companions: fc.integer({ min: 1, max: 20 }),
});

const COMPANION: Record<Technique, 'mask' | 'logSigma2' | 'logAlpha' | undefined> = {
  dense: undefined,
  magnitude_pruning: 'mask',
  random_pruning: 'mask',
  variational_dropout: 'logSigma2',
  l0_regularization: 'logAlpha',
};

test('each technique gives the weights of a float64 evaluation, either way round', async () => {
  await fc.assert(
    fc.asyncProperty(
      stored(sizeOrNone, size),
      technique,
      threshold,
      fc.boolean(),
      cuts,
      async (matrix, technique, threshold, transpose, cuts) => {
        const { tensors, site } = store('s', matrix, technique);
        const checkpoint = cutCheckpoint(tensors, cuts);
        const csr = await readEffectiveMatrix(checkpoint, site, technique, { transpose, threshold });
        checkCsr(csr);
        assert.deepEqual(
          [csr.rows, csr.cols],
          transpose ? [matrix.cols, matrix.rows] : [matrix.rows, matrix.cols],
        );
        const dense = csrToDense(csr);
        matrix.elements.forEach((element, i) => {
          const [row, col] = [Math.floor(i / matrix.cols), i % matrix.cols];
          const actual = transpose ? dense[col * matrix.rows + row] : dense[i];
          assertEffective(actual, element, technique, threshold);
        });
        assert.equal(csr.nnz, dense.filter((value) => value !== 0).length);
      },
    ),
    { numRuns: 300 },
  );
});

test('several sites are stacked by rows, in order', async () => {
  const sameInner = size.chain((inner) =>
    fc.array(stored(fc.constant(inner), sizeOrNone), { minLength: 1, maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(sameInner, technique, cuts, async (matrices, technique, cuts) => {
      const parts = matrices.map((matrix, i) => store(`s${i}`, matrix, technique));
      const tensors = Object.assign({}, ...parts.map((part) => part.tensors));
      const checkpoint = cutCheckpoint(tensors, cuts);
      const sites = parts.map((part) => part.site);
      const together = csrToDense(
        await readEffectiveMatrix(checkpoint, sites, technique, { transpose: true }),
      );
      const apart: number[] = [];
      for (const site of sites)
        apart.push(
          ...csrToDense(await readEffectiveMatrix(checkpoint, site, technique, { transpose: true })),
        );
      assert.deepEqual([...together], apart);
    }),
    { numRuns: 100 },
  );
});

test('shards of an embedding read as one matrix, whether companions are split alike or not at all', async () => {
  const split = fc.tuple(stored(sizeOrNone, size), fc.array(sizeOrNone, { maxLength: 4 }));
  await fc.assert(
    fc.asyncProperty(split, technique, cuts, async ([matrix, heights], technique, cuts) => {
      const whole = store('e', matrix, technique);
      const shards = shardRows(matrix, heights).map((shard, i) => store(`e${i}`, shard, technique));
      const tensors = Object.assign({}, whole.tensors, ...shards.map((shard) => shard.tensors));
      const checkpoint = cutCheckpoint(tensors, cuts);
      const weights = shards.flatMap((shard) => shard.site.weights);
      const expected = await readEffectiveMatrix(checkpoint, whole.site, technique);
      for (const companions of [whole.site.companions, shards.flatMap((shard) => shard.site.companions)]) {
        assert.deepEqual(await readEffectiveMatrix(checkpoint, { weights, companions }, technique), expected);
      }
    }),
    { numRuns: 100 },
  );
});

test('a convolution kernel [ky, kx, in, out] counts as a matrix [ky · kx · in, out]', async () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i + 1);
  const checkpoint = memoryCheckpoint({
    flat: { shape: [12, 2], data },
    kernel: { shape: [2, 2, 3, 2], data },
  });
  const read = (name: string) =>
    readEffectiveMatrix(checkpoint, { weights: [name], companions: [] }, 'dense', { transpose: true });
  assert.deepEqual(await read('kernel'), await read('flat'));
});

test('a weight that is not finite is refused by name and place, masked or not', async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const technique of TECHNIQUES) {
      const elements = [1, 2, bad, 4].map((weight) => ({ weight, mask: 0, logSigma2: 9, logAlpha: -9 }));
      const { tensors, site } = store('s', { rows: 2, cols: 2, elements }, technique);
      await assert.rejects(
        readEffectiveMatrix(memoryCheckpoint(tensors), site, technique),
        (error: Error) => error instanceof DataError && /s\/weights element 2 is/.test(error.message),
      );
    }
  }
});

test('a companion that makes a weight not finite is refused by name', async () => {
  for (const technique of ['magnitude_pruning', 'l0_regularization'] as const) {
    const elements = [{ weight: 1, mask: Number.NaN, logSigma2: 0, logAlpha: Number.NaN }];
    const { tensors, site } = store('s', { rows: 1, cols: 1, elements }, technique);
    await assert.rejects(
      readEffectiveMatrix(memoryCheckpoint(tensors), site, technique),
      /s\/companion element 0 is NaN/,
    );
  }
});

test('shapes that do not fit, vectors and other types are refused, naming the variables', async () => {
  const zeros = (...shape: number[]): MemoryTensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  });
  const checkpoint = memoryCheckpoint({
    weights: zeros(2, 3),
    turned: zeros(3, 2),
    taller: zeros(4, 3),
    vector: zeros(6),
    counter: { dtype: 'int32', shape: [2, 3], data: new Int32Array(6) },
  });
  const read = (sites: Site | Site[]) => readEffectiveMatrix(checkpoint, sites, 'magnitude_pruning');
  const site = (weight: string, mask: string): Site => ({ weights: [weight], companions: [mask] });
  await assert.rejects(read(site('weights', 'turned')), /weights is \[2,3\] but turned is \[3,2\]/);
  await assert.rejects(read(site('weights', 'taller')), /weights is \[2,3\] but taller is \[4,3\]/);
  await assert.rejects(read(site('vector', 'vector')), /vector is \[6\], not a matrix/);
  await assert.rejects(read(site('weights', 'counter')), /counter is int32/);
  await assert.rejects(read(site('weights', 'nowhere')), /no tensor nowhere/);
  await assert.rejects(
    read([site('weights', 'weights'), site('turned', 'turned')]),
    /weights and turned cannot be stacked: inner sizes 3 and 2/,
  );
  await assert.rejects(
    read({ weights: ['weights', 'turned'], companions: [] }),
    /weights is \[2,3\] but turned is/,
  );
});

function store(name: string, matrix: StoredMatrix, technique: Technique) {
  const shape = [matrix.rows, matrix.cols];
  const values = (field: keyof StoredMatrix['elements'][number]) => ({
    shape,
    data: Float32Array.from(matrix.elements, (element) => element[field]),
  });
  const field = COMPANION[technique];
  const tensors: Record<string, MemoryTensor> = { [`${name}/weights`]: values('weight') };
  if (field !== undefined) tensors[`${name}/companion`] = values(field);
  const site: Site = {
    weights: [`${name}/weights`],
    companions: field === undefined ? [] : [`${name}/companion`],
  };
  return { tensors, site };
}

function shardRows(matrix: StoredMatrix, heights: number[]): StoredMatrix[] {
  const shards: StoredMatrix[] = [];
  let row = 0;
  for (const height of [...heights, matrix.rows]) {
    const rows = Math.min(height, matrix.rows - row);
    const elements = matrix.elements.slice(row * matrix.cols, (row + rows) * matrix.cols);
    shards.push({ rows, cols: matrix.cols, elements });
    row += rows;
  }
  return shards;
}

function cutCheckpoint(tensors: Record<string, MemoryTensor>, cuts: { weights: number; companions: number }) {
  return memoryCheckpoint(tensors, {
    pieceElements: (name) => (name.endsWith('weights') ? cuts.weights : cuts.companions),
  });
}

/** Compares with float64 arithmetic; where that lies within float32 rounding of a decision, either side of it is right. */
function assertEffective(
  actual: number,
  element: StoredMatrix['elements'][number],
  technique: Technique,
  threshold: number,
): void {
  const weight = Math.fround(element.weight);
  switch (technique) {
    case 'dense':
      assert.ok(actual === weight);
      break;
    case 'magnitude_pruning':
    case 'random_pruning':
      assert.ok(actual === (element.mask === 1 ? weight : 0));
      break;
    case 'variational_dropout': {
      const logAlpha = element.logSigma2 - Math.log(weight * weight + 1e-8);
      if (Math.abs(logAlpha - threshold) > 1e-5) assert.ok(actual === (logAlpha < threshold ? weight : 0));
      else assert.ok(actual === weight || actual === 0);
      break;
    }
    case 'l0_regularization': {
      const gate = Math.min(1, Math.max(0, 1.2 / (1 + Math.exp(-element.logAlpha)) - 0.1));
      assert.ok(Math.abs(actual - weight * gate) <= 2e-7 * Math.abs(weight) + 1e-45);
      break;
    }
  }
}
