import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CsrWriter } from '../../../src/graph/weights/csr.ts';
import { foldBatchNorm } from '../../../src/models/resnet50/batch-norm.ts';
import { UNIT } from '../../support/accuracy.ts';
import fc from '../../support/fast-check.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom } from '../../support/random.ts';

/** As TensorFlow 1's fused kernel has it, whatever was asked for. */
const EPSILON = 1.001e-5;

const channel = fc.record({
  gamma: fc.oneof(fc.constant(0), fc.float({ min: -8, max: 8, noNaN: true })),
  beta: fc.float({ min: -8, max: 8, noNaN: true }),
  movingMean: fc.float({ min: -8, max: 8, noNaN: true }),
  movingVariance: fc.oneof(
    fc.constantFrom(0, 2 ** -149, Math.fround(1e-30), Math.fround(1e-5)),
    fc.float({ min: 0, max: 1e6, noNaN: true }),
  ),
});

test('the folded weights and bias are those of float64, rounded once', async () => {
  await holds(
    fc.asyncProperty(
      fc.array(channel, { minLength: 1, maxLength: 8 }),
      fc.nat(9),
      fc.nat(),
      async (norms, nnz, seed) => {
        const random = randomFrom(seed);
        const weights = norms.map(() => floats(random, nnz, 4));
        const matrix = compressed(weights);
        const columns = matrix.columns.slice();
        const folded = foldBatchNorm(matrix, {
          gamma: Float32Array.from(norms, ({ gamma }) => gamma),
          beta: Float32Array.from(norms, ({ beta }) => beta),
          movingMean: Float32Array.from(norms, ({ movingMean }) => movingMean),
          movingVariance: Float32Array.from(norms, ({ movingVariance }) => movingVariance),
        });
        assert.deepEqual(folded.matrix.columns, columns);
        norms.forEach(({ gamma, beta, movingMean, movingVariance }, row) => {
          const deviation = Math.sqrt(movingVariance + EPSILON);
          weights[row].forEach((weight, at) => {
            const found = folded.matrix.values[matrix.rowStart[row] + at];
            assertRounded(found, (gamma * weight) / deviation);
          });
          const shift = (gamma * movingMean) / deviation;
          // The difference is rounded to float64 too, where its terms may cancel.
          assertRounded(folded.bias[row], beta - shift, 2 ** -50 * (Math.abs(beta) + Math.abs(shift)));
          if (gamma === 0) assert.ok(folded.bias[row] === beta);
        });
      },
    ),
    200,
  );
});

test('a convolution with folded weights gives what the convolution and its batch normalisation give', async () => {
  await holds(
    fc.asyncProperty(channel, fc.integer({ min: 1, max: 20 }), fc.nat(), async (norm, length, seed) => {
      const random = randomFrom(seed);
      const weights = floats(random, length, 2);
      const x = Float64Array.from(floats(random, length, 2));
      const { gamma, beta, movingMean, movingVariance } = norm;
      const y = weights.reduce((sum, weight, i) => sum + weight * x[i], 0);
      const expected = (gamma * (y - movingMean)) / Math.sqrt(movingVariance + EPSILON) + beta;
      const folded = foldBatchNorm(compressed([weights]), {
        gamma: Float32Array.of(gamma),
        beta: Float32Array.of(beta),
        movingMean: Float32Array.of(movingMean),
        movingVariance: Float32Array.of(movingVariance),
      });
      const terms = x.map((value, i) => folded.matrix.values[i] * value);
      const found = terms.reduce((sum, term) => sum + term, folded.bias[0]);
      const size = terms.reduce((sum, term) => sum + Math.abs(term), Math.abs(folded.bias[0]));
      const cancelled = Math.abs(beta) + Math.abs((gamma * movingMean) / Math.sqrt(movingVariance + EPSILON));
      const allowed = 1.01 * UNIT * size + 2 ** -50 * cancelled + 1e-44 * length;
      assert.ok(Math.abs(found - expected) <= allowed, `${found}, not ${expected}`);
    }),
    200,
  );
});

/** Rows without zeros. */
function compressed(rows: readonly Float32Array[]) {
  const writer = new CsrWriter(
    rows.length,
    Math.max(1, rows[0].length),
    new Uint32Array(rows.length).fill(rows[0].length),
  );
  rows.forEach((values, row) => {
    values.forEach((value, col) => {
      writer.push(row, col, value);
    });
  });
  return writer.finish();
}

function assertRounded(found: number, exact: number, extra = 0): void {
  // Half a unit of the last place, or of the smallest float32.
  const allowed = 1.000001 * UNIT * Math.abs(exact) + 2 ** -150 + extra;
  assert.ok(Math.abs(found - exact) <= allowed, `${found}, not ${exact}`);
}
