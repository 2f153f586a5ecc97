import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError, DeviceError, DisposedError, UsageError } from '../../../src/base/errors.ts';
import type { Technique } from '../../../src/base/technique.ts';
import { loadTransformer, type Transformer } from '../../../src/models/transformer/model.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { type TinyShape, tinyTransformer, WORKED_EXAMPLE } from '../../support/tiny-transformer.ts';

/** Appendix A.6 of the specification: encoder, logits, best beams and greedy of a tiny model, per technique. */
const WORKED = [
  {
    technique: 'dense',
    nonzero: 1376,
    encoder: [-0.925608, -0.496509, 0.613606, -0.498314],
    logits: [-2.311154, -3.391471, -2.938785, 3.173678, -0.552322, -1.693164],
    beams: [
      [[3, 7, 4, 1], -3.565538],
      [[3, 7, 7, 7, 4, 1], -4.261365],
      [[3, 7, 7, 7, 4, 5, 1], -4.404018],
      [[7, 7, 7, 7, 4, 5, 1], -4.465474],
    ],
    greedy: [Array(10).fill(7), -8.339454],
  },
  {
    technique: 'magnitude_pruning',
    nonzero: 821,
    encoder: [0.947141, -1.605286, -0.333587, 0.707347],
    logits: [0.661032, -1.199308, -0.620687, 1.109223, 2.047416, 0.705001],
    beams: [
      [Array(10).fill(4), -5.491129],
      [[7, ...Array(9).fill(4)], -7.027654],
      [[...Array(8).fill(4), 7, 7], -7.614792],
      [[...Array(9).fill(4), 9], -7.64908],
    ],
    greedy: [Array(10).fill(4), -5.491129],
  },
  {
    technique: 'l0_regularization',
    nonzero: 1092,
    encoder: [1.116244, -0.961542, -1.127237, 0.232782],
    logits: [0.14592, -1.416676, -1.490489, 1.16514, 1.231695, -0.594115],
    beams: [
      [Array(10).fill(4), -7.639315],
      [Array(10).fill(7), -8.832113],
      [Array(10).fill(8), -9.113742],
      [[...Array(7).fill(4), 8, 8, 8], -9.252625],
    ],
    greedy: [Array(10).fill(8), -9.113742],
  },
  {
    technique: 'variational_dropout',
    nonzero: 1047,
    encoder: [0.413354, -1.039669, -1.09791, -0.490758],
    logits: [-1.802888, -2.029549, -2.653204, 3.078555, -2.436597, -3.329992],
    beams: [
      [[3, 7, 4, 1], -3.174264],
      [[3, 7, 7, 4, 1], -3.385267],
      [[3, 3, 7, 4, 1], -3.742695],
      [[3, 7, 7, 5, 1], -3.844951],
    ],
    greedy: [[3, 7, 7, 7, 4, 1], -5.542642],
  },
] as const satisfies { technique: Technique; [key: string]: unknown }[];

const SOURCE = [3, 5, 7, 1];
const TWO_LAYERS = { ...WORKED_EXAMPLE, encoderLayers: 2, decoderLayers: 2 };
const TARGET = [4, 6, 2, 1];

for (const { technique, nonzero, encoder, logits, beams, greedy } of WORKED) {
  test(`the worked example of the specification, ${technique}`, async () => {
    using model = await load(technique);
    assert.equal(model.weights.nonzero, nonzero);
    assert.equal(model.weights.total, 1376);
    close((await model.encode([SOURCE])).subarray(0, 4), encoder);
    close((await model.logits([SOURCE], [TARGET])).subarray(0, 6), logits);
    const [found] = await model.translate([SOURCE], { maxLength: 10 });
    beams.forEach(([ids, score], k) => {
      assert.deepEqual(found.beams[k].ids, ids);
      close([found.beams[k].score], [score]);
    });
    const [single] = await model.translate([SOURCE], { beam: 1, maxLength: 10 });
    assert.deepEqual(single.ids, greedy[0]);
    // The greedy log-probability of the example stops at EOS when the only sentence ends.
    close([single.score], [greedy[1]]);
  });
}

const shapes: fc.Arbitrary<{ shape: TinyShape; heads: number; salt: number; technique: Technique }> = fc
  .record({
    heads: fc.integer({ min: 1, max: 3 }),
    headSize: fc.integer({ min: 1, max: 5 }),
    filter: fc.integer({ min: 1, max: 9 }),
    vocabulary: fc.integer({ min: 12, max: 40 }),
    encoderLayers: fc.integer({ min: 1, max: 2 }),
    decoderLayers: fc.integer({ min: 1, max: 2 }),
    salt: fc.nat(1000),
    technique: fc.constantFrom<Technique>(
      'dense',
      'magnitude_pruning',
      'variational_dropout',
      'l0_regularization',
    ),
  })
  .map(({ heads, headSize, salt, technique, ...rest }) => ({
    shape: { hidden: heads * headSize, ...rest },
    heads,
    salt,
    technique,
  }));

/** Sentences of ids that any of the shapes has, EOS at the end. */
const sentence = fc.array(fc.integer({ min: 2, max: 11 }), { maxLength: 9 }).map((ids) => [...ids, 1]);
const batch = fc.array(sentence, { minLength: 1, maxLength: 5 });

test('a sentence gives the same alone and in any batch, however much padding that adds', async () => {
  await property(shapes, batch, async (model, ids) => {
    const together = await model.encode(ids);
    const [, length, hidden] = together.shape;
    for (const [index, one] of ids.entries()) {
      const alone = await model.encode([one]);
      const start = index * length * hidden;
      close(together.subarray(start, start + one.length * hidden), alone, 1e-4);
    }
  });
});

test('decoding step by step gives the log-probabilities of the teacher-forced decoder', async () => {
  await property(shapes, batch, async (model, ids) => {
    const found = await model.translate(ids, { beam: 3, alpha: 0, maxLength: 6 });
    const best = found.map(({ ids: translation }) => translation);
    const logits = await model.logits(ids, best);
    found.forEach(({ score }, b) => {
      close([score], [logProbability(logits, b, best[b])], 1e-3);
    });
  });
});

test('greedy decoding takes the likeliest token of the teacher-forced decoder each time', async () => {
  await property(shapes, batch, async (model, ids) => {
    const found = await model.translate(ids, { beam: 1, maxLength: 5 });
    const logits = await model.logits(
      ids,
      found.map(({ ids: translation }) => translation),
    );
    const [, steps, vocabulary] = logits.shape;
    found.forEach(({ ids: translation }, b) => {
      translation.forEach((token, t) => {
        const row = logits.subarray((b * steps + t) * vocabulary, (b * steps + t + 1) * vocabulary);
        assert.ok(row[token] >= Math.max(...row) - 1e-4, `sentence ${b}, step ${t}`);
      });
    });
  });
});

test('stopping early finds the same best translation as searching to the end', async () => {
  await property(shapes, batch, async (model, ids) => {
    const options = { beam: 3, maxLength: 8 };
    const early = await model.translate(ids, options);
    const full = await model.translate(ids, { ...options, topBeams: 3 });
    early.forEach(({ score, ids: translation }, b) => {
      // Where nothing ends, scores of both are log-probabilities and the lists the same.
      close([score], [full[b].score], 1e-4);
      if (Math.abs(score - (full[b].beams[1]?.score ?? -1e9)) > 1e-3) {
        assert.deepEqual(translation, full[b].ids);
      }
    });
  });
});

test('translating a batch gives what its sentences give alone with the same length limit', async () => {
  await property(shapes, batch, async (model, ids) => {
    const together = await model.translate(ids, { beam: 2, maxLength: 6 });
    for (const [index, one] of ids.entries()) {
      const [alone] = await model.translate([one], { beam: 2, maxLength: 6 });
      close([together[index].score], [alone.score], 1e-3);
    }
  });
});

test('a long translation outgrows the first room for positions without a seam', async () => {
  using model = await load('magnitude_pruning');
  const [long] = await model.translate([SOURCE], { maxLength: 150 });
  const [{ ids }] = [long];
  assert.equal(ids.length, 150);
  const logits = await model.logits([SOURCE], [ids]);
  close([long.score], [logProbability(logits, 0, ids)], 1e-2);
});

test('wrong input is refused with one sentence that names it', async () => {
  using model = await load('dense');
  await assert.rejects(model.encode([]), UsageError);
  await assert.rejects(model.encode([[]]), /sentence 0 has no ids/);
  await assert.rejects(model.translate([[3, 12, 1]]), /sentence 0 has id 12; ids go from 0 to 11/);
  await assert.rejects(model.translate([[3, -1, 1]]), UsageError);
  await assert.rejects(model.translate([SOURCE], { beam: 0 }), /beam/);
  await assert.rejects(model.translate([SOURCE], { beam: 7 }), /from 1 to 6/);
  await assert.rejects(model.translate([SOURCE], { alpha: Number.NaN }), /alpha/);
  await assert.rejects(model.logits([SOURCE, SOURCE], [TARGET]), /2 sources but 1 targets/);
  const stop = AbortSignal.abort(new Error('enough'));
  await assert.rejects(model.translate([SOURCE], { signal: stop }), /enough/);
  const gpu = await testGpu();
  await assert.rejects(
    loadTransformer(gpu, tinyTransformer('dense'), { heads: 3 }),
    /3 heads do not divide 8/,
  );
  await assert.rejects(loadTransformer(gpu, memoryCheckpoint({})), DataError);
});

test('a checkpoint that lacks a layer or a shard is refused, and a value that is no number', async () => {
  const gpu = await testGpu();
  const whole = tinyTransformer('dense', TWO_LAYERS);
  const without = (part: string) => ({
    ...whole,
    names: () => whole.names().filter((name) => !name.includes(part)),
  });
  await assert.rejects(
    loadTransformer(gpu, without('decoder/layer_0'), { heads: 2 }),
    /decoder\/layer_0 is missing/,
  );
  await assert.rejects(loadTransformer(gpu, without('/weights_0'), { heads: 2 }), DataError);
  const broken = {
    ...whole,
    async read(name: string) {
      const tensor = await whole.read(name);
      if (!name.endsWith('decoder/layer_prepostprocess/layer_norm/layer_norm_scale')) return tensor;
      return { ...tensor, data: (tensor.data as Float32Array).map(() => Number.NaN) };
    },
  };
  await assert.rejects(loadTransformer(gpu, broken, { heads: 2 }), /layer_norm_scale holds NaN at element 0/);
});

test('weights that overflow float32 are told, with the sentence, also where no logit is a number', async () => {
  const whole = tinyTransformer('dense');
  const huge = {
    ...whole,
    async read(name: string) {
      const tensor = await whole.read(name);
      if (!name.endsWith('decoder/layer_prepostprocess/layer_norm/layer_norm_scale')) return tensor;
      return { ...tensor, data: (tensor.data as Float32Array).fill(3e38) };
    },
  };
  using model = await loadTransformer(await testGpu(), huge, { heads: 2 });
  const logits = await model.logits([SOURCE], [TARGET]);
  assert.ok(logits.some(Number.isNaN) && !logits.some(Number.isFinite));
  for (const beam of [1, 4]) {
    await assert.rejects(
      model.translate([SOURCE], { beam, maxLength: 3 }),
      (error) => error instanceof DeviceError && /sentence 0 has no finite score/.test(error.message),
    );
  }
});

test('weights that overflow on the way are told, wherever they are, although sums behind them are finite', async () => {
  const whole = tinyTransformer('dense');
  const matrices = whole.names().filter((name) => /(body\/.*coder\/.*\/kernel|weights_0)$/.test(name));
  assert.ok(matrices.length >= 15, `${matrices}`);
  for (const name of matrices) {
    const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    for (const each of whole.names()) {
      const { shape, data } = await whole.read(each);
      const values = data as Float32Array;
      // The sign stays: of equal logits the softmax would be uniform, and right.
      tensors[each] = {
        shape,
        data: each === name ? values.map((value) => Math.sign(value) * 3e38) : values,
      };
    }
    using model = await loadTransformer(await testGpu(), memoryCheckpoint(tensors), { heads: 2 });
    for (const beam of [1, 4]) {
      await assert.rejects(
        model.translate([SOURCE], { beam, maxLength: 3 }),
        (error) => error instanceof DeviceError && /sentence 0 has no finite score/.test(error.message),
        `${name}, beam ${beam}`,
      );
    }
  }
});

test('a search that is stopped while kernels are made submits neither encoder nor steps', async () => {
  const { device } = await testGpu();
  const submitted: (string | undefined)[] = [];
  let onCommands = () => {};
  const { createCommandEncoder } = device;
  device.createCommandEncoder = (descriptor) => {
    submitted.push(descriptor?.label);
    onCommands();
    return createCommandEncoder.call(device, descriptor);
  };
  try {
    for (const expected of [[], ['encoder']]) {
      using model = await load('dense');
      submitted.length = 0;
      const stop = new AbortController();
      onCommands = () => queueMicrotask(() => stop.abort(new Error('enough')));
      const translating = model.translate([SOURCE], { signal: stop.signal });
      if (expected.length === 0) queueMicrotask(() => stop.abort(new Error('enough')));
      await assert.rejects(translating, /enough/);
      assert.deepEqual(submitted, expected);
    }
  } finally {
    device.createCommandEncoder = createCommandEncoder;
  }
});

test('a search that is refused spoils nothing for the next', async () => {
  using model = await load('dense');
  const before = await model.translate([SOURCE], { maxLength: 5 });
  await assert.rejects(model.translate([SOURCE], { maxLength: 5, alpha: 1000 }), /length penalty/);
  assert.deepEqual(await model.translate([SOURCE], { maxLength: 5 }), before);
});

test('searches asked for at once do not disturb each other, nor does one that fails', async () => {
  using model = await load('dense');
  const batches = [[SOURCE], [[5, 1]], [[2, 2, 9, 4, 1]]];
  const apart = [];
  for (const ids of batches) apart.push(await model.translate(ids, { maxLength: 6 }));
  const failing = assert.rejects(
    model.translate([SOURCE], { signal: AbortSignal.abort(new Error('enough')) }),
  );
  assert.deepEqual(await Promise.all(batches.map((ids) => model.translate(ids, { maxLength: 6 }))), apart);
  await failing;
});

test('a model cannot be used after it was disposed', async () => {
  const model = await load('dense');
  await model.encode([SOURCE]);
  model.dispose();
  await assert.rejects(model.encode([SOURCE]), DisposedError);
});

async function load(technique: Technique): Promise<Transformer> {
  const options = technique === 'variational_dropout' ? { logAlphaThreshold: 1 } : {};
  return loadTransformer(await testGpu(), tinyTransformer(technique), { heads: 2, ...options });
}

async function property(
  models: typeof shapes,
  batches: typeof batch,
  check: (model: Transformer, ids: number[][]) => Promise<void>,
): Promise<void> {
  const gpu = await testGpu();
  await fc.assert(
    fc.asyncProperty(models, batches, async ({ shape, heads, salt, technique }, ids) => {
      using model = await loadTransformer(gpu, tinyTransformer(technique, shape, salt), { heads });
      await check(model, ids);
    }),
    { numRuns: 8 },
  );
}

/** Sum of the log-probabilities of a translation under its logits `[B, T, V]`, in float64. */
function logProbability(
  logits: Float32Array & { shape: readonly number[] },
  b: number,
  ids: readonly number[],
): number {
  const [, steps, vocabulary] = logits.shape;
  return ids.reduce((sum, token, t) => {
    const row = logits.subarray((b * steps + t) * vocabulary, (b * steps + t + 1) * vocabulary);
    const most = Math.max(...row);
    const total = row.reduce((all, logit) => all + Math.exp(logit - most), 0);
    return sum + row[token] - most - Math.log(total);
  }, 0);
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4): void {
  for (let i = 0; i < expected.length; i++) {
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance,
      `${actual[i]} should be ${expected[i]} (element ${i})`,
    );
  }
}
