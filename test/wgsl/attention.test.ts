import { test } from 'node:test';
import { attention } from '../../src/graph/operations/operations.ts';
import { assertWithin } from '../support/accuracy.ts';
import { asFloats, compute } from '../support/compute.ts';
import { DEVICE_CLASSES, type DeviceClass, gpuAs } from '../support/device-class.ts';
import fc from '../support/fast-check.ts';
import { type Activations, featuresOf } from '../support/feature-major.ts';
import { attentionOracle } from '../support/oracles.ts';
import { holds } from '../support/property.ts';
import { floats, randomFrom } from '../support/random.ts';

/** Bias of a key that is padding. */
const MASKED = -1e9;
/** What lies in columns past the extent. */
const GARBAGE = 1e12;

interface AttentionCase {
  readonly headSize: number;
  readonly heads: number;
  readonly sentences: number;
  /** Columns of a sentence. */
  readonly queries: number;
  readonly keys: number;
  /** Keys that count. */
  readonly extent: number;
  readonly causal: boolean;
  readonly fewQueries: boolean;
  /** Queries and keys are of the same sentence, projected into one tensor. */
  readonly self: boolean;
  readonly masked: 'none' | 'some' | 'whole sentences';
  readonly seed: number;
}

function caseOf(headSize: number, causal: boolean): fc.Arbitrary<AttentionCase> {
  return fc
    .record({
      heads: fc.integer({ min: 1, max: 3 }),
      sentences: fc.integer({ min: 1, max: 3 }),
      queries: fc.integer({ min: 1, max: 7 }),
      keys: fc.constantFrom(4, 12, 76),
      extent: fc.integer({ min: 1, max: 76 }),
      fewQueries: fc.boolean(),
      self: fc.boolean(),
      masked: fc.constantFrom<AttentionCase['masked']>('none', 'some', 'whole sentences'),
      seed: fc.nat(),
    })
    .map((drawn) => {
      const self = causal || drawn.self;
      return {
        ...drawn,
        ...{ headSize, causal, self },
        queries: self ? drawn.keys : drawn.queries,
        extent: Math.min(drawn.extent, drawn.keys),
        // The original masks no keys of the decoder's own sentence.
        masked: causal ? 'none' : drawn.masked,
      };
    });
}

async function check(given: AttentionCase, deviceClass: DeviceClass): Promise<void> {
  const { headSize, heads, sentences, queries, keys, extent, causal, fewQueries, self, masked, seed } = given;
  const random = randomFrom(seed);
  const hidden = heads * headSize;
  // Among masked keys logits must stay below 32, half the distance of float32 neighbours at −1e9.
  const projected = (rows: number, columns: number) => ({
    columns,
    data: floats(random, rows * columns, masked === 'none' ? 3 : 1),
  });
  const memory = projected((self ? 3 : 2) * hidden, sentences * keys);
  const query = self ? memory : projected(hidden, Math.ceil((sentences * queries) / 4) * 4);
  for (let i = 0; i < memory.data.length; i++) {
    if ((i % memory.columns) % keys >= extent) memory.data[i] = GARBAGE;
  }
  const bias = Float32Array.from({ length: memory.columns }, (_, column) => {
    if (masked === 'none') return 0;
    return (masked === 'some' ? random() < 0.4 : Math.floor(column / keys) % 2 === 0) ? MASKED : 0;
  });
  const [keyRow, valueRow] = self ? [hidden, 2 * hidden] : [0, hidden];

  const { output } = await compute(await gpuAs(deviceClass), (graph, scope) => {
    const upload = ({ data, columns }: Activations) =>
      scope.upload('projected', [data.length / columns, columns], data);
    const keyValue = upload(memory);
    const output = attention(
      graph,
      { heads, headSize, sentences, queries, keys, causal, fewQueries },
      {
        query: { tensor: self ? keyValue : upload(query), row: 0 },
        key: { tensor: keyValue, row: keyRow },
        value: { tensor: keyValue, row: valueRow },
        extent: scope.upload('extent', [1], Uint32Array.of(extent)),
        keyBias: scope.upload('key bias', [1, memory.columns], bias),
      },
    );
    return { output };
  });

  const attended = { columns: query.columns, data: asFloats(output) };
  const realQueries = self ? extent : queries;
  for (let sentence = 0; sentence < sentences; sentence++) {
    for (let i = 0; i < realQueries; i++) {
      const column = sentence * queries + i;
      const seen = Array.from({ length: causal ? i + 1 : extent }, (_, j) => sentence * keys + j);
      for (let head = 0; head < heads; head++) {
        const first = head * headSize;
        const expected = attentionOracle(
          featuresOf(query, column, first, headSize),
          seen.map((at) => featuresOf(memory, at, keyRow + first, headSize)),
          seen.map((at) => featuresOf(memory, at, valueRow + first, headSize)),
          seen.map((at) => bias[at]),
          headSize ** -0.5,
        );
        const got = featuresOf(attended, column, first, headSize);
        assertWithin(got, expected, `sentence ${sentence}, query ${i}, head ${head}`);
      }
    }
  }
}

for (const deviceClass of DEVICE_CLASSES) {
  test(`attention with the lanes of a ${deviceClass} is exact to rounding, for any size of a head`, async () => {
    for (const headSize of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 64]) {
      // Both forms on both classes, if not for every size.
      const causal = headSize % 2 === (deviceClass === 'cpu' ? 1 : 0);
      const property = fc.asyncProperty(caseOf(headSize, causal), (given) => check(given, deviceClass));
      await holds(property, 4);
    }
  });
}

test('attention of more queries than a workgroup takes is exact to rounding', async () => {
  await check(
    {
      ...{ headSize: 3, heads: 1, sentences: 3, queries: 350, keys: 4, extent: 3 },
      ...{ causal: false, fewQueries: false, self: false, masked: 'some', seed: 1 },
    },
    'gpu',
  );
});
