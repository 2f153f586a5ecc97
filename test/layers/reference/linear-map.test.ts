import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convolutionMap } from '../../../src/layers/reference/convolution.ts';
import { gatherRows, scatterRows } from '../../../src/layers/reference/gather.ts';
import type { LinearMap } from '../../../src/layers/reference/linear-map.ts';
import { broadcastMatmulMap, matmulMap } from '../../../src/layers/reference/matmul.ts';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
} from '../../../src/layers/reference/tensor.ts';
import fc from '../../support/fast-check.ts';
import { randomFrom } from '../../support/random.ts';
import { assertClose } from '../golden-vectors.ts';
import {
  broadcastCase,
  type CaseOf,
  convolutionCase,
  embeddingCase,
  matmulCase,
  plain,
  randomTensor,
} from '../linear-case.ts';
import { refused } from '../refused.ts';

function mapOf(given: CaseOf<'matmul' | 'broadcast' | 'conv2d'>): LinearMap {
  if (given.kind === 'matmul') return matmulMap(given);
  return given.kind === 'broadcast' ? broadcastMatmulMap() : convolutionMap(given);
}

function dot(a: DenseTensor, b: DenseTensor): number {
  assert.deepEqual(a.shape, b.shape);
  return a.data.reduce((sum, value, i) => sum + value * b.data[i], 0);
}

test('products and convolutions are what their definitions say, and their gradients are their transposes', () => {
  fc.assert(
    fc.property(fc.oneof(matmulCase, broadcastCase, convolutionCase), (given) => {
      const random = randomFrom(given.seed + 1);
      const map = mapOf(given);
      const weights = randomTensor(random, given.weights);
      const y = map.apply(given.x, weights);
      assert.deepEqual(y.shape, given.result);
      assertClose(y, [...plain(given, weights).data], 1e-12, 'y');
      const dy = randomTensor(random, given.result);
      const along = dot(dy, y);
      const byInput = dot(map.inputGradient(dy, weights, given.x.shape), given.x);
      const byWeight = dot(map.weightGradient(dy, given.x, given.weights), weights);
      assertClose([byInput, byWeight], [along, along], 1e-12, 'inner products');
    }),
    { numRuns: 200 },
  );
});

test('strides of a convolution may differ down and right', () => {
  const x = randomTensor(randomFrom(1), [1, 5, 7, 2]);
  const weights = randomTensor(randomFrom(2), [2, 3, 2, 3]);
  const given = {
    kind: 'conv2d',
    x,
    weights: weights.shape,
    strides: [2, 3],
    padding: 'SAME',
    seed: 0,
  } as const;
  const expected = plain({ ...given, result: [1, 3, 3, 3] }, weights);
  assertClose(convolutionMap(given).apply(x, weights), [...expected.data], 1e-12, 'y');
});

test('lookups are rows of the table, and their gradient adds up what each row got', () => {
  fc.assert(
    fc.property(embeddingCase, (given) => {
      const random = randomFrom(given.seed + 1);
      const table = randomTensor(random, given.weights);
      const rows = gatherRows(table, given.ids);
      assert.deepEqual(rows, plain(given, table));
      const drows = randomTensor(random, given.result);
      assertClose(
        [dot(scatterRows(drows, given.ids, given.weights), table)],
        [dot(drows, rows)],
        1e-12,
        'inner product',
      );
    }),
  );
});

test('tensors and operands that do not fit are refused, and named', () => {
  refused(() => denseTensor([2, 2], [1, 2, 3]), /tensor \[2, 2\]: 3 values for 4 elements/);
  refused(() => filledTensor([0, 3], 0), /tensor \[0, 3\]: every extent/);
  const [two, three] = [filledTensor([2, 2], 0), filledTensor([3, 2], 0)];
  const cube = filledTensor([1, 2, 2], 0);
  refused(() => matmulMap().check(cube, two), /x is \[1, 2, 2\], expected rank 2: \[batch, inputs\]/);
  refused(() => matmulMap().check(two, cube), /the weight is \[1, 2, 2\], expected rank 2/);
  refused(() => matmulMap().check(two, three), /x \[2, 2\] has 2 inputs, the weight \[3, 2\] expects 3/);
  refused(
    () => broadcastMatmulMap().check(filledTensor([2], 0), two),
    /x is \[2\], expected \[batch, …, inputs\]/,
  );
  refused(() => broadcastMatmulMap().check(cube, cube), /the weight is \[1, 2, 2\]/);
  const pictures = filledTensor([1, 2, 2, 3], 0);
  const options = { strides: [1, 1], padding: 'VALID' } as const;
  refused(() => convolutionMap(options).check(two, pictures), /x is \[2, 2\], expected rank 4/);
  refused(() => convolutionMap(options).check(pictures, filledTensor([1, 1, 2, 1], 0)), /has 3 channels/);
  refused(
    () => convolutionMap(options).check(pictures, filledTensor([3, 1, 3, 1], 0)),
    /smaller than the kernel/,
  );
  refused(() => convolutionMap({ ...options, strides: [0, 1] }), /strides are \[0, 1\]/);
  refused(() => convolutionMap({ ...options, padding: 'same' as 'SAME' }), /padding is "same"/);
  refused(() => convolutionMap({ ...options, dataFormat: 'NCHW' as 'NHWC' }), /data format is "NCHW"/);
  refused(() => gatherRows(two, { shape: [1], data: [2] }), /id 2 at 0 is no row of the table \[2, 2\]/);
  refused(() => gatherRows(two, { shape: [2], data: [1] }), /ids \[2\] have 1 values/);
  refused(() => gatherRows(cube, { shape: [1], data: [0] }), /the table is \[1, 2, 2\]/);
  refused(() => gatherRows(two, { shape: [0], data: [] }), /every extent must be/);
});

test('what is no tensor is refused, and so is one whose values do not fill its shape', () => {
  const two = filledTensor([2, 2], 0);
  const short = { shape: [2, 2], data: new Float64Array(3) };
  refused(() => matmulMap().check(short, two), /x is \[2, 2\], but has 3 values/);
  refused(() => matmulMap().check(two, short), /the weight is \[2, 2\], but has 3 values/);
  refused(() => broadcastMatmulMap().check(short, two), /x is \[2, 2\], but has 3 values/);
  refused(() => gatherRows(short, { shape: [1], data: [0] }), /the table is \[2, 2\], but has 3 values/);
  const none = undefined as unknown as DenseTensor;
  refused(() => matmulMap().check(none, two), /x is undefined, expected a tensor such as denseTensor/);
  refused(() => broadcastMatmulMap().check(none, two), /x is undefined, expected a tensor/);
  const rows = [[1, 2]] as unknown as DenseTensor;
  refused(() => matmulMap().check(rows, two), /x is of type Array, expected a tensor/);
  refused(() => elementwise(Math.abs, none), /an operand is undefined, expected a tensor/);
});
