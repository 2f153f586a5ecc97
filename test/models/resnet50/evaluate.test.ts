import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import {
  addTotals,
  type ClassificationTotals,
  meanCrossEntropy,
  NO_PICTURES,
  scoreLogits,
} from '../../../src/metrics/classification.ts';
import { readConfig } from '../../../src/models/resnet50/config.ts';
import { evaluate } from '../../../src/models/resnet50/evaluate.ts';
import {
  type EvaluateToFileOptions,
  type EvaluationStart,
  evaluateToFile,
} from '../../../src/models/resnet50/evaluate-to-file.ts';
import {
  type EvaluationPart,
  evaluationResult,
  mergeEvaluations,
  readEvaluationPart,
  totalsOf,
} from '../../../src/models/resnet50/evaluation-part.ts';
import { loadResNet50 } from '../../../src/models/resnet50/model.ts';
import { weightDecayLoss } from '../../../src/models/resnet50/weight-decay.ts';
import { mutate, mutation } from '../../io/mutation.ts';
import { dataErrorOf, withDirectory } from '../../io/support.ts';
import fc from '../../support/fast-check.ts';
import {
  GOLDEN_RESNET_CASES,
  GOLDEN_RESNETS,
  type GoldenResNet,
  goldenPictures,
  goldenTensor,
  readGoldenResNet,
} from '../../support/golden-resnet.ts';
import { testGpu } from '../../support/gpu.ts';
import { openManifest } from '../../support/manifest.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { holds } from '../../support/property.ts';
import { CLASSES, type MadePicture, memoryPictures, stubResNet } from '../../support/stub-resnet.ts';
import { tinyResNet } from '../../support/tiny-resnet.ts';

for (const name of GOLDEN_RESNET_CASES) {
  test(`${name}: the loss is the original's`, async () => {
    const golden = await readGoldenResNet(`${GOLDEN_RESNETS}/${name}`);
    const checkpoint = await openManifest(`${GOLDEN_RESNETS}/${name}/manifest.json`);
    const decay = await weightDecayLoss(checkpoint, await readConfig(checkpoint, {}));
    assertClose(decay, golden.regularization_loss);
    const totals = scored(golden, await goldenTensor(`${GOLDEN_RESNETS}/${name}`, 'logits'));
    assertClose(meanCrossEntropy(totals) + decay, golden.eval_loss);
  });
}

test("the loss of what the device computes is the original's", async () => {
  const directory = `${GOLDEN_RESNETS}/extended_d50_w8`;
  const golden = await readGoldenResNet(directory);
  const checkpoint = await openManifest(`${directory}/manifest.json`);
  using model = await loadResNet50(await testGpu(), checkpoint);
  const totals = scored(golden, await model.logits(await goldenPictures()));
  const decay = await weightDecayLoss(checkpoint, model.config);
  assertClose(meanCrossEntropy(totals) + decay, golden.eval_loss);
  assert.equal(totals.top1, golden.labels.filter((label, i) => label === golden.argmax[i]).length);
});

const picture = fc.record({
  seed: fc.option(fc.nat(5), { nil: undefined, freq: 5 }),
  label: fc.integer({ min: -1, max: CLASSES }),
});
const pictures = fc.array(picture, { maxLength: 9 });
const batchSize = fc.integer({ min: 1, max: 5 });
const SKIPPING = { skipBad: true, workers: 0 } as const;

test('an evaluation does not depend on the batch, the shards, or the order of the pictures', async () => {
  await withDirectory(async (directory) => {
    const split = fc.record({ batch: batchSize, count: fc.integer({ min: 1, max: 4 }) });
    await holds(
      fc.asyncProperty(
        fc.tuple(pictures, fc.array(fc.nat(), { minLength: 9, maxLength: 9 })),
        split,
        async ([all, ranks], { batch, count }) => {
          const whole = await evaluateMade(all, { output: join(directory, 'whole') });
          const parts: EvaluationPart[] = [];
          for (let index = 0; index < count; index++) {
            const shard = { index, count };
            parts.push(await evaluateMade(all, { output: join(directory, `${index}`), batch, shard }));
          }
          parts.sort((a, b) => ranks[a.shards.done[0]] - ranks[b.shards.done[0]]);
          const merged = mergeEvaluations(parts);
          assert.deepEqual(totalsOf(merged), totalsOf(whole));
          assert.deepEqual(places(merged), places(whole));
          assert.deepEqual(evaluationResult(merged), evaluationResult(whole));

          const shuffled = all.map((each, at) => ({ each, rank: ranks[at] })).sort((a, b) => a.rank - b.rank);
          const source = memoryPictures(shuffled.map(({ each }) => each));
          const { totals, bad } = await evaluate(stubResNet(), source, { ...SKIPPING, batch });
          assert.deepEqual([totals, bad.length], [totalsOf(whole), whole.bad.length]);
        },
      ),
      40,
    );
  });
});

test('what is counted is what each picture alone would be', async () => {
  await holds(
    fc.asyncProperty(pictures, async (all) => {
      const good = all.filter(({ seed }) => seed !== undefined);
      const { totals, bad } = await evaluate(stubResNet(), memoryPictures(all), SKIPPING);
      assert.deepEqual([totals.pictures, bad.length], [good.length, all.length - good.length]);
      const alone: ClassificationTotals[] = [];
      for (const each of good) {
        alone.push((await evaluate(stubResNet(), memoryPictures([each]), SKIPPING)).totals);
      }
      assert.deepEqual(totals, alone.reduce(addTotals, NO_PICTURES));
    }),
    10,
  );
});

test('a real network gives the same in any batch', async () => {
  const checkpoint = memoryCheckpoint(tinyResNet({ depth: 18, classes: CLASSES }));
  using model = await loadResNet50(await testGpu(), checkpoint);
  const source = memoryPictures([0, 1, 2, 3, 4, 5].map((seed) => ({ seed, label: seed })));
  const [one, all] = [
    await evaluate(model, source, { batch: 1, workers: 0 }),
    await evaluate(model, source, { batch: 6 }),
  ];
  assert.deepEqual(one, all);
  assert.equal(all.totals.pictures, 6);
});

test("labels are smoothed by 0.1, the default of the original's flag", async () => {
  const seen: Float32Array[] = [];
  const model = stubResNet();
  const logits = model.logits.bind(model);
  model.logits = async (pixels) => {
    const result = await logits(pixels);
    seen.push(result);
    return result;
  };
  const { totals } = await evaluate(model, memoryPictures([{ seed: 1, label: 3 }]), { workers: 0 });
  const [values] = seen;
  const sum = values.reduce((all, value) => all + Math.exp(value), 0);
  const expected = values.reduce(
    (all, value, index) => all - ((index === 3 ? 0.9 : 0) + 0.1 / CLASSES) * Math.log(Math.exp(value) / sum),
    0,
  );
  assert.ok(Math.abs(meanCrossEntropy(totals) - expected) < 1e-9);
});

test('batches are full but the last', async () => {
  const model = stubResNet();
  await evaluate(model, memoryPictures(made(7)), { batch: 3, workers: 0 });
  assert.deepEqual(model.batches, [3, 3, 1]);
});

test('a picture that cannot be used ends it with file, record and what to do, or is counted', async () => {
  const all = [...made(3), { seed: undefined, label: 0 }, ...made(2)];
  const error = await dataErrorOf(
    evaluate(stubResNet(), memoryPictures(all), { workers: 0 }),
    /^bad-3: record 3: it is bad; with --skip-bad/,
  );
  assert.ok(error.cause instanceof DataError && error.cause.file === 'bad-3');
  const { totals, bad } = await evaluate(stubResNet(), memoryPictures(all), SKIPPING);
  assert.equal(totals.pictures, 5);
  assert.deepEqual(bad, [{ file: 'bad-3', record: 3, reason: 'bad-3: record 3: it is bad' }]);
});

test('a batch of nothing but bad pictures does not reach the device', async () => {
  const model = stubResNet();
  const bad = { seed: undefined, label: 0 };
  await evaluate(model, memoryPictures([bad, bad, ...made(1)]), { ...SKIPPING, batch: 2 });
  assert.deepEqual(model.batches, [1]);
});

test('no pictures are no error, and have no accuracy', async () => {
  await withDirectory(async (directory) => {
    const part = await evaluateMade([], { output: join(directory, 'out') });
    const { pictures: count, top1, top5, loss } = evaluationResult(part);
    assert.deepEqual([count, top1, top5, loss], [0, null, null, null]);
  });
});

test('options that cannot be, and pictures without labels, are refused', async () => {
  for (const batch of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(
      evaluate(stubResNet(), memoryPictures(made(1)), { batch, workers: 0 }),
      (error) => error instanceof UsageError && /batch/.test(error.message),
    );
  }
  await assert.rejects(
    evaluate(stubResNet(), memoryPictures([{ seed: 1, label: undefined }]), { workers: 0 }),
    (error) => error instanceof UsageError && /picture-1: picture 0 has no label/.test(error.message),
  );
});

test('a run that is interrupted anywhere gives the same part when resumed, and repeats no batch', async () => {
  await withDirectory(async (directory) => {
    const stops = fc.record({ after: fc.nat(4), torn: fc.nat(40), aborted: fc.boolean() });
    await holds(
      fc.asyncProperty(pictures, batchSize, stops, async (all, batch, { after, torn, aborted }) => {
        const output = join(directory, 'out');
        const whole = await evaluateMade(all, { output: join(directory, 'whole'), batch });
        const count = Math.ceil(all.length / batch);
        await rm(output, { force: true });

        const stop = new AbortController();
        let done = 0;
        const model = stubResNet();
        const failing = {
          ...model,
          logits: async (pixels: Float32Array) => {
            if (!aborted && done === after) throw new Error('stopped');
            return model.logits(pixels);
          },
        };
        const interrupted = evaluateToFile(failing, memoryPictures(all), {
          ...toFile(output),
          batch,
          signal: stop.signal,
          onProgress() {
            if (++done === after && aborted) stop.abort(new Error('stopped'));
          },
        }).then(
          () => false,
          (error: Error) => /stopped/.test(error.message),
        );
        const wasStopped = await interrupted;
        assert.equal(existsSync(output), !wasStopped);
        if (wasStopped && existsSync(`${output}.partial`)) {
          const { length } = await readFile(`${output}.partial`);
          // A crash may also have lost the end of what was written last.
          await truncate(`${output}.partial`, Math.max(0, length - torn));
        }

        const starts: EvaluationStart[] = [];
        const second = stubResNet();
        const part = await evaluateToFile(second, memoryPictures(all), {
          ...toFile(output),
          batch,
          resume: true,
          onStart: (start) => starts.push(start),
        });
        assert.deepEqual(untimed(part), untimed(whole));
        assert.deepEqual(untimed(await readEvaluationPart(output)), untimed(whole));
        assert.equal(existsSync(`${output}.partial`), false);
        if (!wasStopped) {
          // What is finished is left as it is.
          assert.deepEqual([starts.length, second.batches.length], [0, 0]);
          return;
        }
        const [{ resumed }] = starts;
        assert.ok(resumed % batch === 0 || resumed === all.length);
        if (torn === 0) assert.equal(resumed, Math.min(done * batch, all.length));
        assert.ok(second.batches.length <= count - Math.floor(resumed / batch));
      }),
      60,
    );
  });
});

test('a run that stopped at a bad picture goes on with it passed over, and not the other way round', async () => {
  await withDirectory(async (directory) => {
    const all = [...made(4), { seed: undefined, label: 0 }, ...made(4)];
    const output = join(directory, 'out');
    const options = { ...toFile(output), batch: 2 };
    const strict = { ...options, skipBad: false };
    await assert.rejects(evaluateToFile(stubResNet(), memoryPictures(all), strict), DataError);
    const part = await evaluateToFile(stubResNet(), memoryPictures(all), { ...options, resume: true });
    const whole = await evaluateMade(all, { output: join(directory, 'whole') });
    assert.deepEqual(untimed(part), untimed(whole));

    await rm(output);
    const stopped = evaluateToFile(stubResNet(), memoryPictures(all), {
      ...options,
      onProgress({ seen }) {
        if (seen === 6) throw new Error('stopped');
      },
    });
    await assert.rejects(stopped, /stopped/);
    await assert.rejects(
      evaluateToFile(stubResNet(), memoryPictures(all), { ...strict, resume: true }),
      /passed over 1 bad pictures; go on with --skip-bad/,
    );
  });
});

test('what a run of other work has left is not taken up, and tells what differs', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    const run = (options: Partial<EvaluateToFileOptions>) =>
      evaluateToFile(stubResNet(), memoryPictures(made(4)), { ...toFile(output), batch: 2, ...options });
    const stop = { onProgress: () => assert.fail('stopped') };
    await assert.rejects(run(stop), /stopped/);
    const others: [Partial<EvaluateToFileOptions>, RegExp][] = [
      [{ checkpoint: 'b' }, /with other checkpoint;/],
      [{ data: 'b' }, /with other data;/],
      [{ limit: 3 }, /with other limit;/],
      [{ shard: { index: 1, count: 2 } }, /with other shard;/],
    ];
    for (const [options, says] of others) {
      await assert.rejects(
        run({ ...options, resume: true }),
        (error) => error instanceof UsageError && says.test(error.message),
      );
    }
    const starts: EvaluationStart[] = [];
    await run({ batch: 3, resume: true, onStart: (start) => starts.push(start) });
    await assert.rejects(run(stop), /stopped/);
    await run({ onStart: (start) => starts.push(start) });
    assert.deepEqual(starts, [
      { resumed: 2, discarded: 0, damagedBytes: 0 },
      { resumed: 0, discarded: 1, damagedBytes: 0 },
    ]);
  });
});

test('however what an interrupted run left is damaged, resuming gives the same part or a typed error', async () => {
  await withDirectory(async (directory) => {
    const [output, partial] = [join(directory, 'out'), join(directory, 'out.partial')];
    const damage = fc.array(mutation, { minLength: 1, maxLength: 3 });
    await holds(
      fc.asyncProperty(pictures, batchSize, fc.nat(4), damage, async (all, batch, after, changes) => {
        const whole = await evaluateMade(all, { output: join(directory, 'whole'), batch });
        let done = 0;
        const run = (options: Partial<EvaluateToFileOptions>) =>
          evaluateToFile(stubResNet(), memoryPictures(all), { ...toFile(output), batch, ...options });
        await run({ onProgress: () => assert.ok(done++ < after, 'stopped') }).catch(() => {});
        if (existsSync(partial)) {
          await writeFile(partial, changes.reduce<Uint8Array>(mutate, await readFile(partial)));
          const part = await run({ resume: true }).catch((error) => {
            assert.ok(error instanceof DataError, `${error}`);
            return run({});
          });
          assert.deepEqual(untimed(part), untimed(whole));
        }
        await rm(output, { force: true });
      }),
      150,
    );
  });
});

test('a picture that was changed since, at the same name and size, is not taken up', async () => {
  await withDirectory(async (directory) => {
    const [output, file] = [join(directory, 'out'), join(directory, 'picture')];
    await writeFile(file, 'one');
    const source = { ...memoryPictures(made(4)), files: [file] };
    const run = (options: Partial<EvaluateToFileOptions>) =>
      evaluateToFile(stubResNet(), source, { ...toFile(output), batch: 2, ...options });
    await assert.rejects(run({ onProgress: () => assert.fail('stopped') }), /stopped/);
    await utimes(file, new Date(2020, 0), new Date(2020, 0));
    await assert.rejects(run({ resume: true }), /of a run with other modificationTimes;/);
    await assert.rejects(run({ output: file }), /picture: is an input of this run too/);
    await run({});
  });
});

test('an output that cannot be written is told before the first picture', async () => {
  await withDirectory(async (directory) => {
    const source = memoryPictures(made(1), () => assert.fail('a picture was read'));
    for (const output of [directory, join(directory, 'missing', 'out')]) {
      await assert.rejects(evaluateToFile(stubResNet(), source, toFile(output)), UsageError);
    }
  });
});

test('merging is associative and commutative', async () => {
  await holds(
    fc.asyncProperty(
      partsOfOne,
      fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      async (parts, choices) => {
        const left = [...parts];
        for (const choice of choices) {
          if (left.length === 1) break;
          const [one] = left.splice(choice % left.length, 1);
          const [other] = left.splice((choice >> 8) % left.length, 1);
          left.push(mergeEvaluations([one, other]));
        }
        assert.deepEqual(mergeEvaluations(left), mergeEvaluations(parts));
        if (parts.length > 1) {
          assert.deepEqual(mergeEvaluations(parts.toReversed()), mergeEvaluations(parts));
        }
      },
    ),
    100,
  );
});

test('parts of different evaluations, and one that is there twice, are not merged', () => {
  const next: EvaluationPart = { ...PART, shards: { count: 3, done: [1] } };
  const others: [EvaluationPart, RegExp][] = [
    [
      { ...next, identity: { ...PART.identity, checkpoint: 'b' } },
      /different evaluations: checkpoint is a in one and b in another/,
    ],
    [{ ...next, identity: { ...PART.identity, threshold: 0.5 } }, /threshold is null in one and 0.5/],
    [
      { ...next, identity: { ...PART.identity, valuePrecision: 'f16' } },
      /valuePrecision is f32 in one and f16/,
    ],
    [{ ...next, identity: { ...PART.identity, limit: 7 } }, /limit is null in one and 7/],
    [{ ...next, weightDecayLoss: 0.75 }, /weightDecayLoss is 0.5 in one and 0.75/],
    [{ ...next, shards: { count: 4, done: [1] } }, /of 3 and of 4 shards/],
    [PART, /shard 0 of 3 is there twice/],
  ];
  for (const [other, says] of others) {
    assert.throws(
      () => mergeEvaluations([PART, other]),
      (error) => error instanceof UsageError && says.test(error.message),
    );
    assert.throws(() => mergeEvaluations([other, PART]), UsageError);
  }
  assert.throws(() => mergeEvaluations([]), UsageError);
});

test('a part that is missing is listed', () => {
  const merged = mergeEvaluations([PART, { ...PART, shards: { count: 3, done: [2] } }]);
  assert.deepEqual(evaluationResult(merged).missingShards, [{ first: 1, last: 1 }]);
  const shards = { count: 2 ** 50, done: [0, 1, 5, 2 ** 50 - 1] };
  assert.deepEqual(evaluationResult({ ...PART, shards }).missingShards, [
    { first: 2, last: 4 },
    { first: 6, last: 2 ** 50 - 2 },
  ]);
});

test('what evaluate wrote can be read, anything else is refused with its file', async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, 'part.json');
    const written = await evaluateMade([...made(3), { seed: undefined, label: 1 }], { output: file });
    assert.deepEqual(await readEvaluationPart(file), written);

    await dataErrorOf(
      readEvaluationPart(join(directory, 'missing.json')),
      /missing\.json: there is no such file/,
    );
    await writeFile(file, '{"format":');
    await dataErrorOf(readEvaluationPart(file), /part\.json: is not JSON/);
    const foreign: unknown[] = [
      null,
      [],
      'x',
      {},
      { ...PART, format: 'tsos evaluation 2' },
      { ...PART, identity: {} },
      { ...PART, identity: { ...PART.identity, limit: '7' } },
      { ...PART, identity: { ...PART.identity, threshold: undefined } },
      { ...PART, shards: { count: 3, done: [3] } },
      { ...PART, shards: { count: 3, done: [1, 1] } },
      { ...PART, shards: { count: 3, done: [] } },
      { ...PART, totals: { ...PART.totals, crossEntropy: '1.5' } },
      { ...PART, totals: { ...PART.totals, crossEntropy: 5 } },
      { ...PART, totals: { ...PART.totals, top1: -1 } },
      { ...PART, totals: { ...PART.totals, top1: PART.totals.top5 + 1 } },
      { ...PART, totals: { ...PART.totals, top5: PART.totals.pictures + 1 } },
      { ...PART, totals: { ...PART.totals, crossEntropy: '9'.repeat(1000) } },
      { ...PART, shards: { count: 0, done: [0] } },
      { ...PART, bad: [{ file: 'x' }] },
      { ...PART, adapters: [5] },
      { ...PART, weightDecayLoss: null },
      { ...PART, milliseconds: 0.5 },
    ];
    for (const value of foreign) {
      await writeFile(file, JSON.stringify(value));
      await dataErrorOf(readEvaluationPart(file), /part\.json: is no result of "tsos evaluate"/);
    }
    await writeFile(file, JSON.stringify(PART));
    assert.deepEqual(await readEvaluationPart(file), PART);
  });
});

test('a damaged part is refused, or says the same', async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, 'part.json');
    const written = await evaluateMade([...made(7), { seed: undefined, label: 1 }], { output: file });
    const intact = await readFile(file);
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        await writeFile(file, mutate(intact, change));
        const read = await readEvaluationPart(file).catch((error) => {
          assert.ok(error instanceof DataError, `${error}`);
          return written;
        });
        assert.deepEqual(read, written);
      }),
      { numRuns: 2000 },
    );
  });
});

const PART: EvaluationPart = {
  format: 'tsos evaluation 1',
  identity: {
    checkpoint: 'a',
    technique: 'dense',
    threshold: null,
    valuePrecision: 'f32',
    classes: 8,
    imageSize: 224,
    data: 'd',
    limit: null,
  },
  shards: { count: 3, done: [0] },
  totals: { pictures: 4, top1: 1, top5: 2, crossEntropy: '123456789012345678901234567890' },
  bad: [{ file: 'x', record: 1, reason: 'r' }],
  weightDecayLoss: 0.5,
  milliseconds: 12,
  adapters: ['one'],
};

/** All shards of an evaluation with any results. */
const partsOfOne = fc
  .array(
    fc.record({
      totals: fc.record({
        pictures: fc.nat(50_000),
        top1: fc.nat(50_000),
        top5: fc.nat(50_000),
        crossEntropy: fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }).map(String),
      }),
      bad: fc.array(
        fc.record(
          { file: fc.constantFrom('x', 'y'), record: fc.nat(3), reason: fc.constantFrom('r', 's') },
          { noNullPrototype: true },
        ),
        { maxLength: 3 },
      ),
      milliseconds: fc.nat(),
      adapters: fc.constantFrom(['one'], ['two']),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((all) =>
    all.map(
      (each, index): EvaluationPart => ({ ...PART, ...each, shards: { count: all.length, done: [index] } }),
    ),
  );

function evaluateMade(
  all: readonly MadePicture[],
  options: Pick<EvaluateToFileOptions, 'output' | 'batch' | 'shard'>,
): Promise<EvaluationPart> {
  return evaluateToFile(stubResNet(), memoryPictures(all), { ...toFile(options.output), ...options });
}

function toFile(output: string) {
  return {
    ...SKIPPING,
    output,
    checkpoint: 'a',
    data: 'd',
    weightDecayLoss: 0.5,
  };
}

function made(count: number): MadePicture[] {
  return Array.from({ length: count }, (_, index) => ({ seed: index % 6, label: index % CLASSES }));
}

function places({ bad }: EvaluationPart): string[] {
  return bad.map(({ file, record }) => `${file} ${record}`).sort();
}

function untimed({ milliseconds: _, ...part }: EvaluationPart): Partial<EvaluationPart> {
  return part;
}

function scored({ labels }: GoldenResNet, logits: Float32Array): ClassificationTotals {
  const classes = logits.length / labels.length;
  return labels
    .map((label, i) => scoreLogits(logits.subarray(i * classes, (i + 1) * classes), label, 0.1))
    .reduce(addTotals);
}

function assertClose(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) <= 1e-5 * Math.abs(expected), `${found}, not ${expected}`);
}

test('a label that no class has is told once, and counts as not recognised', async () => {
  const notes: string[] = [];
  const pictures = made(3).map((picture, index) => ({
    ...picture,
    label: index === 0 ? 0 : CLASSES + index,
  }));
  const { totals } = await evaluate(stubResNet(), memoryPictures(pictures), {
    workers: 0,
    batch: 1,
    onNote: (note) => notes.push(note),
  });
  assert.equal(totals.pictures, 3);
  assert.deepEqual(notes.length, 1);
  assert.match(notes[0], /has class 9, the network has classes 0 to 7/);
});
