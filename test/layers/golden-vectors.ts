import assert from 'node:assert/strict';
import { type DenseTensor, denseTensor } from '../../src/layers/reference/tensor.ts';
import type { LinearCase } from './linear-case.ts';

/*
 * Values of an independent float64 implementation of the original's formulas. Nine digits are known of most.
 */

/** Every element is within `tolerance`, relative where it is beyond 1. */
export function assertClose(
  actual: { readonly data: ArrayLike<number> } | ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  const values = Array.from('data' in actual ? actual.data : actual);
  assert.equal(values.length, expected.length, what);
  values.forEach((value, i) => {
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]));
    assert.ok(Math.abs(value - expected[i]) <= allowed, `${what}[${i}] = ${value}, expected ${expected[i]}`);
  });
}

const matrix = (rows: number[][]): DenseTensor => denseTensor([rows.length, rows[0].length], rows.flat());

/** log σ², θ, log α */
export const LOG_ALPHA = [
  [-10, 0.05, -4.00853945],
  [-10, 1e-3, 3.80556023],
  [-10, 0, 8.42068074],
  [-15, 0.05, -9.00853945],
  [-10, 1.5e-3, 3.00014574],
  [0, 1, -1e-8],
] as const;

/** log α, KL divergence, its derivative */
export const KL_DIVERGENCE = [
  [-12, 6.635763, -0.499997038],
  [-8, 4.63589948, -0.499874289],
  [-4, 2.63420831, -0.506544075],
  [-2, 1.54053274, -0.61746534],
  [-1, 0.913872285, -0.593265074],
  [0, 0.431238951, -0.359127728],
  [0.5, 0.280316535, -0.248741972],
  [1, 0.17796972, -0.16513556],
  [2, 0.068416546, -0.0669082745],
  [3, 0.0254200433, -0.0253848215],
  [4, 0.00932994145, -0.0093720917],
  [8, 0.000168369347, -0.000168665612],
  [12, 3.07383647e-6, -3.0746742e-6],
] as const;

/** A product with variational dropout or L0 regularisation. */
export const PRODUCT = {
  x: matrix([
    [1, -2, 0.5],
    [0, 3, 1],
  ]),
  theta: matrix([
    [0.5, -1],
    [0.25, 0],
    [2, 0.1],
  ]),
  /** Gradient of the loss in the result. */
  dy: matrix([
    [1, 2],
    [-1, 0.5],
  ]),
};

export const PRODUCT_CASE: LinearCase = {
  kind: 'matmul',
  x: PRODUCT.x,
  weights: [3, 2],
  result: [2, 2],
  transposeA: false,
  transposeB: false,
  seed: 0,
};

export const VARIATIONAL = {
  logSigma2: matrix([
    [-2, 0],
    [-4, -10],
    [1, -3],
  ]),
  noise: matrix([
    [1, -0.5],
    [0.25, 2],
  ]),
  logAlpha: [-0.613705679, -1e-8, -1.227411438, 8.420680744, -0.386294364, 1.605169186],
  mask: [1, 1, 1, 0, 1, 1],
  evaluated: [1, -0.95, 2.75, 0.1],
  trained: [
    {
      clipAlpha: undefined,
      y: [1.942426817, -1.453147189, 3.174494007, 0.548087838],
      theta: [1, 2, -5, -2.5, -0.5, 1.5],
      logSigma2: [0.071801481, -0.496872496, 0.026734004, 0.000821641, 0.160430915, 0.104925608],
      x: [-2.35014203, 0.211221137, 3.617433481, -1, -0.257482145, -2.128003695],
      kl: 2.871990774,
    },
    {
      clipAlpha: 8,
      y: [1.942426817, -1.453131696, 3.174494007, 0.547461125],
      // θ is 0 where log α is clipped.
      theta: [1, 2, -5, -2.5, -0.5, 1.5],
      logSigma2: [0.071801481, -0.496887797, 0.026734004, 0, 0.160430915, 0.105081038],
      x: undefined,
      kl: 2.872048666,
    },
    {
      clipAlpha: 1,
      y: [1.952300176, -1.451696081, 3.177581429, 0.429745964],
      theta: [1, 2, -4.73468375, -2.5, -0.5, 3.08098542],
      logSigma2: [0.07105705, -0.498309653, 0, 0, 0.158137782, 0],
      x: [-2.354505205, 0.201711774, 3.613673535, -1, -0.260082001, -2.182462504],
      kl: undefined,
    },
  ],
  /** With log α clipped to ±8. */
  klGradients: {
    logSigma2: [-0.513611374, -0.359127731, -0.622881782, 0, -0.456904076, -0.096611302],
    theta: [2.054445414, -0.718255454, 4.983053462, 0, 0.456904075, 1.932224104],
  },
  /** x and x with its rows exchanged, `[2, 2, 3]`; each has one row of the noise. */
  broadcast: {
    x: denseTensor([2, 2, 3], [1, -2, 0.5, 0, 3, 1, 0, 3, 1, 1, -2, 0.5]),
    y: [
      1.942426817, -1.453147189, 4.447976027, -0.01202196, 3.174494007, 0.548087838, 1.235606704, 1.062588758,
    ],
  },
};

/** log α, u, gate, its derivative */
export const HARD_CONCRETE = [
  [-3, 0.95, 0.475012007, 0.4492195],
  [-1, 0.5, 0.118910634, 0.268463619],
  [-1, 0.75, 0.544294802, 0.447547463],
  [0, 0.25, 0.0936685831, 0.243618475],
  [0, 0.5, 0.500000009, 0.45],
  [0, 0.75, 0.90633143, 0.243618461],
  [0, 0.95, 1, 0],
  [1, 0.25, 0.455705222, 0.447547466],
  [1, 0.5, 0.881089377, 0.268463609],
  [2.197, 0.05, 0.194955822, 0.333685062],
  [2.197, 0.25, 0.906276719, 0.243674035],
  [2.197, 0.5, 1, 0],
  ...[-3, -1, 0, 1, 2.197].map((logAlpha) => [logAlpha, 0, 0, 0] as const),
] as const;

/** log α, gate of evaluation, probabilities that a drawn gate is not 0 and that it is 1; undefined where not known */
export const GATES = [
  [-2, 0.0430435064, 0.400975264, 0.0266333447],
  [-1, 0.222729706, 0.645335222, 0.0692287794],
  [0, 0.5, 0.831822184, 0.168177816],
  [1, 0.777270294, 0.930771221, 0.354664778],
  [2, 0.956956494, 0.973366655, 0.599024736],
  [2.197, 0.979975743, 0.978024292, 0.645290888],
  [-5, 0, 0.0322516415, undefined],
  [5, 1, 0.998639575, undefined],
] as const;

export const GATED = {
  logAlpha: matrix([
    [0, 2.197],
    [-3, 1],
    [-1, 0],
  ]),
  noise: matrix([
    [0.25, 0.25],
    [0.5, 0.05],
    [0.75, 0.95],
  ]),
  gates: [0.093668583, 0.906276719, 0, 0, 0.544294802, 1],
  trained: [0.591129093, -0.856276719, 1.088589603, 0.1],
  theta: [0.093668583, 1.812553438, 0, 0, -0.272147401, 1.5],
  dLogAlpha: [0.121809237, -0.487348069, 0, 0, -0.447547463, 0],
  evaluated: [0.472729706, -0.954975743, 0.445459411, 0.05],
  norm: 4.415368649,
};

/** A cell with one input and two units, over two steps from a state of zeros. */
export const VARIATIONAL_CELL = {
  theta: matrix([
    [0.5, -0.25],
    [0.3, 0.1],
    [-0.2, 0.4],
  ]),
  logSigma2: matrix([
    [-2, -1],
    [-3, 0],
    [-1, -2],
  ]),
  bias: denseTensor([2], [0.1, -0.1]),
  noise: {
    input: matrix([[1, -1]]),
    hidden: matrix([
      [0.5, -0.5],
      [1, 2],
    ]),
  },
  inputs: [matrix([[0.6]]), matrix([[-1]])],
  trained: [
    [0.551634483, -0.546879486],
    [-0.027403469, -0.861286872],
  ],
  evaluated: [
    [0.379948962, -0.244918662],
    [-0.232689999, 0.051985628],
  ],
};

/** One step of cells without noise: two inputs, one unit. */
export const PLAIN_CELLS = {
  inputs: [matrix([[0.1, -0.2]])],
  output: matrix([[-0.4]]),
  memory: matrix([[0.3]]),
  lstm: {
    kernel: matrix([
      [1, 0.5, -0.5, 0.25],
      [0.2, -0.3, 0.4, -0.1],
      [0.6, 0.7, -0.8, 0.9],
    ]),
    bias: denseTensor([4], [0.1, 0.2, 0.3, 0.4]),
    memory: 0.259219483,
    output: 0.132167694,
  },
  elman: { kernel: matrix([[1], [0.2], [0.6]]), bias: denseTensor([1], [0.1]), output: -0.079829769 },
};
