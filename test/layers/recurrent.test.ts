import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normals, randomKey, uniforms } from '../../src/base/random.ts';
import * as l0 from '../../src/layers/l0-regularization/index.ts';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
} from '../../src/layers/reference/tensor.ts';
import * as vd from '../../src/layers/variational-dropout/index.ts';
import fc from '../support/fast-check.ts';
import { holds } from '../support/property.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { assertNear } from './closeness.ts';
import { assertGradient } from './differences.ts';
import { randomNormal, randomTensor } from './linear-case.ts';
import { CELL_FORMS, type CellCase } from './recurrent-forms.ts';

/** A sequence with the state it begins with, for a cell. */
interface Sequence {
  readonly cell: CellCase;
  readonly inputs: readonly DenseTensor[];
  readonly state: readonly DenseTensor[];
}

const sequences: fc.Arbitrary<Sequence> = fc
  .record({
    technique: fc.constantFrom('variational dropout' as const, 'L0' as const),
    kind: fc.constantFrom('RNN' as const, 'LSTM' as const),
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 3 }),
    units: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 3 }),
    forgetBias: fc.constantFrom(0, 1),
    seed: fc.nat(),
  })
  .map(({ technique, kind, batch, size, units, steps, forgetBias, seed }) => {
    const random = randomFrom(seed);
    const width = kind === 'RNN' ? units : 4 * units;
    const shape = [size + units, width];
    const cell: CellCase = {
      kind,
      units,
      forgetBias,
      bias: randomTensor(random, [width]),
      pair: [randomTensor(random, shape), companionOf(technique, random, shape)],
      noise:
        technique === 'L0'
          ? { technique, u: randomTensor(random, shape, 0.4, 0.6) }
          : {
              technique,
              input: randomNormal(random, [batch, width]),
              hidden: randomNormal(random, [units, width]),
            },
    };
    const tensors = (count: number, features: number) =>
      Array.from({ length: count }, () => randomTensor(random, [batch, features]));
    return { cell, inputs: tensors(steps, size), state: tensors(kind === 'RNN' ? 1 : 2, units) };
  });

/** log σ², or log α whose gates lie inside (0, 1), where they have a gradient. */
function companionOf(technique: string, random: Random, shape: readonly number[]): DenseTensor {
  return technique === 'L0' ? randomTensor(random, shape, -0.8, 0.8) : randomTensor(random, shape, -5, 1);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** One step of a cell for one row of the batch, by its definition, from given pre-activations. */
function stepOf(
  { kind, units, forgetBias }: CellCase,
  z: readonly number[],
  state: readonly number[][],
): number[][] {
  if (kind === 'RNN') return [z.map(Math.tanh)];
  const block = (index: number) => z.slice(index * units, (index + 1) * units);
  const [i, j, f, o] = [0, 1, 2, 3].map(block);
  const memory = state[0].map(
    (c, unit) => sigmoid(f[unit] + forgetBias) * c + sigmoid(i[unit]) * Math.tanh(j[unit]),
  );
  return [memory, memory.map((c, unit) => sigmoid(o[unit]) * Math.tanh(c))];
}

const rowOf = ({ data, shape }: DenseTensor, row: number) => [
  ...data.slice(row * shape[1], (row + 1) * shape[1]),
];

/** Outputs of a sequence by the definitions, row by row; `preActivation` of a unit from one row's input and hidden state. */
function outputsOf(
  { cell, inputs, state }: Sequence,
  preActivation: (row: number, x: number[], h: number[], column: number) => number,
): number[][][] {
  const width = cell.bias.data.length;
  const [batch] = inputs[0].shape;
  return Array.from({ length: batch }, (_, row) => {
    let current = state.map((tensor) => rowOf(tensor, row));
    return inputs.map((input) => {
      const h = current[current.length - 1];
      const x = rowOf(input, row);
      const z = Array.from(
        { length: width },
        (_, column) => preActivation(row, x, h, column) + cell.bias.data[column],
      );
      current = stepOf(cell, z, current);
      return current[current.length - 1];
    });
  });
}

/** Pre-activations with noise, by the definitions. */
function noisy({ cell: { pair, noise } }: Sequence) {
  const [theta, companion] = pair;
  const width = theta.shape[1];
  return (row: number, x: number[], h: number[], column: number): number => {
    const at = (index: number) => index * width + column;
    if (noise.technique === 'L0') {
      const gate = (index: number) => {
        const u = noise.u.data[at(index)];
        const s = sigmoid((Math.log(u + 1e-8) - Math.log(1 - u) + companion.data[at(index)]) * 1.5);
        return Math.min(1, Math.max(0, 1.2 * s - 0.1));
      };
      return [...x, ...h].reduce((sum, value, i) => sum + value * theta.data[at(i)] * gate(i), 0);
    }
    const mean = x.reduce((sum, value, i) => sum + value * theta.data[at(i)], 0);
    const variance = x.reduce((sum, value, i) => sum + value ** 2 * Math.exp(companion.data[at(i)]), 1e-8);
    const carried = h.reduce((sum, value, unit) => {
      const i = at(x.length + unit);
      const weight =
        theta.data[i] + Math.sqrt(Math.exp(companion.data[i]) + 1e-8) * noise.hidden.data[at(unit)];
      return sum + value * weight;
    }, 0);
    return mean + Math.sqrt(variance) * noise.input.data[row * width + column] + carried;
  };
}

/** Pre-activations of a plain cell with some weights. */
function plain(weights: DenseTensor) {
  return (_: number, x: number[], h: number[], column: number): number =>
    [...x, ...h].reduce((sum, value, i) => sum + value * weights.data[i * weights.shape[1] + column], 0);
}

for (const forms of CELL_FORMS) {
  const { name, tolerance } = forms;
  const runs = name === 'device' ? 15 : 60;
  const assertOutputs = (outputs: readonly DenseTensor[], expected: number[][][], what: string) =>
    outputs.forEach((h, t) => {
      assertNear(
        h.data,
        expected.flatMap((row) => row[t]),
        tolerance,
        `${what}, step ${t}`,
      );
    });

  test(`${name}: a training run keeps its noise over all steps, with a state that is carried on`, async () => {
    await holds(
      fc.asyncProperty(sequences, async (sequence) => {
        const { cell, inputs, state } = sequence;
        const run = await forms.train(cell, inputs, state);
        assertOutputs(run.outputs, outputsOf(sequence, noisy(sequence)), 'trained');
        assert.deepEqual(run.state[run.state.length - 1], run.outputs[run.outputs.length - 1]);
        // Step by step it is the same as at once.
        let current = state;
        for (const [t, x] of inputs.entries()) {
          const one = await forms.train(cell, [x], current);
          assertNear(one.outputs[0].data, run.outputs[t].data, tolerance, `alone, step ${t}`);
          current = one.state;
        }
      }),
      runs,
    );
  });

  test(`${name}: an evaluation run computes with the weights of evaluation`, async () => {
    await holds(
      fc.asyncProperty(sequences, async (sequence) => {
        const { cell, inputs, state } = sequence;
        const weights = elementwise(
          (theta, companion) =>
            cell.noise.technique === 'L0'
              ? theta * Math.min(1, Math.max(0, 1.2 * sigmoid(companion) - 0.1))
              : companion - Math.log(theta ** 2 + 1e-8) < 3
                ? theta
                : 0,
          ...cell.pair,
        );
        const run = await forms.evaluate(cell, inputs, state);
        assertOutputs(run.outputs, outputsOf(sequence, plain(weights)), 'evaluated');
        const zeros = state.map(({ shape }) => filledTensor(shape, 0));
        assert.deepEqual(await forms.evaluate(cell, inputs), await forms.evaluate(cell, inputs, zeros));
      }),
      runs,
    );
  });

  test(`${name}: certain weights and open gates give the plain cell`, async () => {
    await holds(
      fc.asyncProperty(sequences, async (drawn) => {
        const [theta, { shape }] = drawn.cell.pair;
        const certain = filledTensor(shape, drawn.cell.noise.technique === 'L0' ? 1e5 : -1e7);
        const sequence = { ...drawn, cell: { ...drawn.cell, pair: [theta, certain] as const, epsilon: 0 } };
        const { cell, inputs, state } = sequence;
        const expected = outputsOf(sequence, plain(theta));
        assertOutputs((await forms.train(cell, inputs, state)).outputs, expected, 'trained');
        assertOutputs((await forms.evaluate(cell, inputs, state)).outputs, expected, 'evaluated');
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: a batch in another order comes out in that order`, async () => {
    await holds(
      fc.asyncProperty(sequences, async ({ cell, inputs, state }) => {
        const reversed = (tensor: DenseTensor) => {
          const [rows] = tensor.shape;
          return denseTensor(
            tensor.shape,
            Array.from({ length: rows }, (_, row) => rowOf(tensor, rows - 1 - row)).flat(),
          );
        };
        const { noise } = cell;
        const turned =
          noise.technique === 'L0' ? cell : { ...cell, noise: { ...noise, input: reversed(noise.input) } };
        const there = await forms.train(cell, inputs, state);
        const back = await forms.train(turned, inputs.map(reversed), state.map(reversed));
        back.outputs.forEach((h, t) => {
          assertNear(reversed(h).data, there.outputs[t].data, tolerance, `step ${t}`);
        });
      }),
      Math.ceil(runs / 2),
    );
  });

  test(`${name}: gradients of a run, through time, are those of central differences`, async () => {
    await holds(
      fc.asyncProperty(sequences, async ({ cell, inputs, state }) => {
        const random = randomFrom(cell.units);
        const dOutputs = inputs.map((x) => randomTensor(random, [x.shape[0], cell.units]));
        const found = await forms.gradients(dOutputs, cell, inputs, state);
        const sources = [...cell.pair, cell.bias, ...inputs, ...state];
        const loss = async (all: readonly DenseTensor[]) => {
          const [theta, companion, bias, ...rest] = all;
          const moved = { ...cell, pair: [theta, companion] as const, bias };
          const run = await CELL_FORMS[0].train(
            moved,
            rest.slice(0, inputs.length),
            rest.slice(inputs.length),
          );
          return run.outputs.reduce(
            (total, h, t) => total + h.data.reduce((sum, value, i) => sum + value * dOutputs[t].data[i], 0),
            0,
          );
        };
        for (const [index, source] of sources.entries()) {
          const by = (moved: DenseTensor) => loss(sources.with(index, moved));
          const allowed = Math.max(2 * tolerance, 1e-7);
          await assertGradient(found[index], source, by, allowed, `gradient ${index}`);
        }
      }),
      Math.ceil(runs / 2),
    );
  });
}

test('a key draws the noise of a run once for all its steps, and another key other noise', () => {
  const random = randomFrom(3);
  const [shape, inputs] = [
    [5, 3],
    [randomTensor(random, [2, 2]), randomTensor(random, [2, 2])],
  ];
  const theta = randomTensor(random, shape);
  const bias = randomTensor(random, [3]);
  const key = randomKey(1);
  const variational = new vd.RNNCell([theta, filledTensor(shape, 0)], bias, 3);
  const gated = new l0.RNNCell([theta, filledTensor(shape, 0)], bias, 3);
  for (const cell of [variational, gated]) {
    const run = cell.train(inputs, key);
    const first = cell.train(inputs.slice(0, 1), key);
    assert.deepEqual(first.outputs[0], run.outputs[0]);
    assert.deepEqual(cell.train(inputs.slice(1), key, first.state).outputs[0], run.outputs[1]);
    assert.notDeepEqual(cell.train(inputs, randomKey(2)), run);
  }
  const input = denseTensor([2, 3], normals(key, 6, 0));
  const hidden = denseTensor([3, 3], normals(key, 9, 1));
  assert.deepEqual(variational.train(inputs, { input, hidden }), variational.train(inputs, key));
  const u = denseTensor(shape, uniforms(key, 15));
  assert.deepEqual(gated.train(inputs, u), gated.train(inputs, key));
});
