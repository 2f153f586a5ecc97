import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError, UsageError } from '../../src/base/errors.ts';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { sparsifiedMatrices } from '../../src/layers/sparsity-patterns.ts';
import { checkpointSparsity } from '../../src/metrics/sparsity.ts';
import { madeCheckpoint, madeResNet50, madeTransformer } from '../../src/models/full-size/made-checkpoint.ts';
import type { ModelVariable } from '../../src/models/full-size/model-variable.ts';
import { PAPER_RESNET_50 } from '../../src/models/full-size/resnet-layers.ts';
import { resnetVariables } from '../../src/models/full-size/resnet-variables.ts';
import { PAPER_TRANSFORMER, transformerVariables } from '../../src/models/full-size/transformer-variables.ts';
import { loadResNet50, pictureValues } from '../../src/models/resnet50/model.ts';
import { loadTransformer } from '../../src/models/transformer/model.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { openManifest } from '../support/manifest.ts';
import { holds } from '../support/property.ts';
import { sharedTest } from '../support/shared.ts';

/** The paper's models, and how many numbers there are of them. */
const PAPER = [
  {
    name: 'the Transformer',
    variables: transformerVariables(PAPER_TRANSFORMER),
    made: madeTransformer,
    matrices: 97,
    weights: 61_083_648,
    // Normalisations, biases and the target space.
    others: 32_768 + 30_720 + 16_384,
    golden: ['goldens', 'transformer', 'full', 'magnitude_pruning_0.9', 'manifest.json'],
  },
  {
    name: 'ResNet-50',
    variables: resnetVariables(PAPER_RESNET_50),
    made: madeResNet50,
    matrices: 54,
    weights: 25_502_912,
    // Biases, trained normalisations and their moving statistics.
    others: 1000 + 53_120 + 53_120,
    golden: ['goldens', 'resnet50', 'B_full', 'threshold_magnitude_0.9', 'manifest.json'],
  },
];

for (const { name, variables, made, matrices, weights, others, golden } of PAPER) {
  test(`${name} is as large as the paper's`, () => {
    const of = (role: ModelVariable['role']) => variables.filter((variable) => variable.role === role);
    assert.equal(of('weights').length, matrices);
    assert.equal(elements(of('weights')), weights);
    assert.deepEqual(
      of('mask').map(({ shape }) => shape),
      of('weights').map(({ shape }) => shape),
    );
    assert.equal(elements(of('other')), others);
    assert.deepEqual(made(0.9).names(), variables.map((variable) => variable.name).sort());
  });

  test(`the matrices of ${name} have the names and shapes of the collection's`, () => {
    const byMask = new Map(variables.map((variable) => [variable.name, variable]));
    for (const { name, site, transpose } of sparsifiedMatrices(made(0.9), 'magnitude_pruning')) {
      const mask = byMask.get(site.companions[0])!;
      assert.ok(mask.role === 'mask');
      const { matrix, shape } = mask;
      assert.equal(matrix.name, name);
      assert.equal(mask.transpose, transpose);
      assert.equal(matrix.rows * matrix.cols, elements([mask]));
      assert.equal(transpose ? shape.at(-1) : shape[0], matrix.rows);
    }
  });

  sharedTest(`${name} has the variables of the golden checkpoint`, golden, async (path) => {
    const reference = await openManifest(path);
    const checkpoint = made(0.9);
    // Evaluation needs neither of these.
    const needed = reference.names().filter((name) => !/(threshold|step)$/.test(name));
    assert.deepEqual(checkpoint.names(), needed);
    for (const name of needed) assert.deepEqual(checkpoint.info(name), reference.info(name));
  });
}

test('a made-up Transformer loads with the sparsity asked for, and runs', async () => {
  const variables = transformerVariables({ hidden: 32, filter: 64, vocabulary: 300, layers: 1 });
  const checkpoint = madeCheckpoint(variables, 0.8);
  using model = await loadTransformer(await testGpu(), checkpoint);
  assertSparsity(model.weights, 0.8);
  const [{ ids, score }] = await model.translate([[3, 5, 7, 1]], { maxLength: 4 });
  assert.ok(ids.length > 0 && Number.isFinite(score));
  const logits = await model.logits([[3, 5, 7, 1]], [[4, 6, 1]]);
  assert.deepEqual(logits.shape, [1, 3, 300]);
  assertVaried(logits);
});

test('a made-up ResNet-50 loads with the sparsity asked for, and runs', async () => {
  const checkpoint = madeCheckpoint(resnetVariables({ width: 4, classes: 8 }), 0.8);
  using model = await loadResNet50(await testGpu(), checkpoint);
  assertSparsity(model.weights, 0.8);
  const logits = await model.logits(
    Float32Array.from({ length: pictureValues(224) }, (_, i) => (i * 37) % 256),
  );
  assert.deepEqual(logits.shape, [1, 8]);
  assertVaried(logits);
});

test('masks have the sparsity asked for, whatever it is', async () => {
  const variables = transformerVariables({ hidden: 64, filter: 128, vocabulary: 1000, layers: 1 });
  const sparsities = fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100);
  await holds(
    fc.asyncProperty(sparsities, async (sparsity) => {
      assertSparsity(await checkpointSparsity(madeCheckpoint(variables, sparsity)), sparsity);
    }),
    20,
  );
});

/** Larger than what is made at a time, so that a block that came twice would show. */
const LARGE: ModelVariable = { role: 'other', name: 'large', shape: [500, 700], range: [-2, 3] };

test('values are even in their range, of every block and variable others', async () => {
  const checkpoint = madeCheckpoint([LARGE, { ...LARGE, name: 'other' }], 0.5);
  const [values, others] = [await floats(checkpoint, 'large'), await floats(checkpoint, 'other')];
  const count = values.length;
  const perBin = new Array<number>(64).fill(0);
  for (const value of values) perBin[Math.floor(((value + 2) / 5) * 64)]++;
  const expected = count / 64;
  const chiSquare = perBin.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
  assert.ok(
    Math.abs(chiSquare - 63) < SIGMAS * Math.sqrt(2 * 63),
    `χ² = ${chiSquare}, 63 degrees of freedom`,
  );
  // Of products of two independent numbers, the variance is the product of the variances, (25 / 12)².
  for (const [what, shifted] of [
    ['the next value', values.subarray(1)],
    ['the next block', values.subarray(2 ** 16)],
    ['the other variable', others],
  ] as const) {
    const covariance = shifted.reduce((sum, x, i) => sum + (x - 0.5) * (values[i] - 0.5), 0) / shifted.length;
    assert.ok(
      Math.abs(covariance) < (SIGMAS * 25) / 12 / Math.sqrt(shifted.length),
      `${what}: ${covariance}`,
    );
  }
});

test('a variable has the same bits whenever and however it is read', async () => {
  const matrix = { name: 'kernel', model: undefined, rows: 70, cols: 1000 };
  const variables: ModelVariable[] = [
    LARGE,
    { role: 'weights', name: 'weights', shape: [1000, 70], matrix },
    { role: 'mask', name: 'mask', shape: [1000, 70], matrix, transpose: true },
    { role: 'other', name: 'scalar', shape: [], range: [0, 1] },
    { role: 'other', name: 'nothing', shape: [3, 0], range: [0, 1] },
  ];
  const names = variables.map(({ name }) => name);
  const checkpoint = madeCheckpoint(variables, 0.7);
  await holds(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.integer({ min: 500, max: 400_000 }),
      async (name, most) => {
        const whole = await floats(checkpoint, name);
        assert.deepEqual(await floats(madeCheckpoint(variables, 0.7), name), whole);
        const joined = new Float32Array(whole.length);
        let end = 0;
        for await (const { start, data } of checkpoint.chunks(name, most)) {
          assert.equal(start, end);
          assert.ok(data.length > 0 && data.length <= most);
          joined.set(data as Float32Array, start);
          end += data.length;
        }
        assert.equal(end, whole.length);
        assert.deepEqual(joined, whole);
      },
    ),
    30,
  );
});

test('what cannot be made or is not there is refused', async () => {
  for (const sparsity of [-0.1, 1, Number.NaN]) {
    assert.throws(() => madeCheckpoint([], sparsity), UsageError);
  }
  assert.throws(() => madeCheckpoint([LARGE], 0.5).info('larger'), DataError);
});

/** Standard deviations by which a mean of independent draws may be off: 5 are exceeded once in 1.7 million trials. */
const SIGMAS = 5;

/** Kept weights are binomial. */
function assertSparsity({ nonzero, total }: { nonzero: number; total: number }, sparsity: number): void {
  const deviation = Math.sqrt(total * sparsity * (1 - sparsity));
  const off = nonzero - total * (1 - sparsity);
  assert.ok(Math.abs(off) <= SIGMAS * deviation, `${nonzero} of ${total} kept at ${sparsity}`);
}

/** What comes out of a network that works is finite, and not all the same. */
function assertVaried(values: Float32Array): void {
  assert.ok(values.every(Number.isFinite));
  assert.ok(new Set(values).size > values.length / 2);
}

function elements(variables: readonly ModelVariable[]): number {
  return variables.reduce((sum, { shape }) => sum + shape.reduce((all, extent) => all * extent, 1), 0);
}

async function floats(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  return (await checkpoint.read(name)).data as Float32Array;
}
