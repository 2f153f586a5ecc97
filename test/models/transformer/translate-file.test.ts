import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { decodesFileName } from '../../../src/models/transformer/decodes-name.ts';
import {
  countBroken,
  joinLines,
  splitLines,
  type TranslateToFileOptions,
  translateToFile,
} from '../../../src/models/transformer/translate-file.ts';
import { translateLines } from '../../../src/models/transformer/translate-lines.ts';
import { mutate, mutation } from '../../io/mutation.ts';
import { dataErrorOf, withDirectory } from '../../io/support.ts';
import { CHARACTERS, echoTransformer } from '../../support/echo-transformer.ts';
import fc from '../../support/fast-check.ts';

/** Some words with spaces around, empty lines among them. */
const line = fc
  .tuple(fc.array(fc.stringMatching(/^[a-zA-C0-9]{1,6}$/), { maxLength: 6 }), fc.constantFrom('', ' ', '\t '))
  .map(([words, around]) => around + words.join(' ') + around);
const lines = fc.array(line, { maxLength: 40 });
const batchSize = fc.integer({ min: 1, max: 9 });

test('whatever the batches, each line gets its own translation', async () => {
  await fc.assert(
    fc.asyncProperty(lines, batchSize, async (sources, batch) => {
      const found = await translateLines(echoTransformer(), CHARACTERS, sources, { batch });
      assert.deepEqual(
        found.map(({ source, translation }) => [source, translation]),
        sources.map((source) => [source.trim(), source.trim()]),
      );
    }),
  );
});

test('batches are full but the last, take the lines with most words first, and keep the order of equal ones', async () => {
  await fc.assert(
    fc.asyncProperty(lines, batchSize, async (sources, batch) => {
      const model = echoTransformer();
      await translateLines(model, CHARACTERS, sources, { batch });
      const texts = model.calls.map(({ ids }) =>
        ids.map((sentence) => CHARACTERS.decode(sentence.slice(0, -1))),
      );
      const words = (text: string) => text.trim().split(/\s+/).filter(Boolean).length;
      const sorted = sources.map((source) => source.trim()).sort((a, b) => words(b) - words(a));
      assert.deepEqual(texts.flat(), sorted);
      const sizes = texts.map(({ length }) => length);
      assert.ok(sizes.slice(0, -1).every((size) => size === batch));
    }),
  );
});

test('the longest sentence of a batch limits its translations, by either rule', async () => {
  const model = echoTransformer();
  const sources = ['abc', 'a b', 'abcdefgh'];
  await translateLines(model, CHARACTERS, sources, { batch: 2 });
  await translateLines(model, CHARACTERS, sources, { batch: 2, extraLength: -2 });
  await translateLines(model, CHARACTERS, sources, { batch: 2, legacyLength: true });
  assert.deepEqual(
    model.calls.map(({ options: { maxLength, extraLength } }) => [maxLength, extraLength]),
    [
      [undefined, undefined],
      [undefined, undefined],
      [undefined, -2],
      [undefined, -2],
      [2 * longestIds(['a b', 'abc']) + 50, undefined],
      [2 * longestIds(['abcdefgh']) + 50, undefined],
    ],
  );
});

function longestIds(sources: readonly string[]): number {
  return Math.max(...sources.map((source) => CHARACTERS.encode(source).length + 1));
}

test('sources are cut to the most ids that are allowed, the last being the end of the sentence', async () => {
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 12 }), async (sources, maxInput) => {
      const model = echoTransformer();
      await translateLines(model, CHARACTERS, sources, { maxInput });
      for (const sentence of model.calls.flatMap(({ ids }) => ids)) {
        assert.ok(sentence.length <= maxInput && sentence.indexOf(1) === sentence.length - 1);
      }
    }),
  );
});

test('padding that the model says is kept as text, what follows the end of the sentence is not', async () => {
  const model = echoTransformer();
  model.translate = async () => [{ ids: [2, 0, 3, 1, 4], score: 0, beams: [] }];
  const [{ translation }] = await translateLines(model, CHARACTERS, ['x']);
  assert.equal(translation, 'a<pad> b');
});

test('options and vocabularies that cannot be are refused', async () => {
  const model = echoTransformer();
  for (const options of [{ batch: 0 }, { maxInput: 1.5 }, { extraLength: 1, legacyLength: true }]) {
    await assert.rejects(translateLines(model, CHARACTERS, ['x'], options), UsageError);
  }
  await assert.rejects(
    translateLines({ ...model, vocabularySize: 7 }, CHARACTERS, ['x']),
    new RegExp(`${CHARACTERS.size} entries for a model of 7`),
  );
});

test('one empty line at the end of a text does not count, others do', () => {
  assert.deepEqual(splitLines('a\n\nb\n'), ['a', '', 'b']);
  assert.deepEqual(splitLines('a\n \n'), ['a', ' ']);
  assert.deepEqual(splitLines('a\n '), ['a']);
  assert.deepEqual(splitLines('a\u2028b\r\nc'), ['a\u2028b\r', 'c']);
  assert.deepEqual(splitLines(''), []);
});

test('a run that is interrupted anywhere gives the same file when resumed, and repeats no batch', async () => {
  await withDirectory(async (directory) => {
    await fc.assert(
      fc.asyncProperty(lines, batchSize, fc.nat(8), fc.nat(30), async (sources, batch, stopAfter, torn) => {
        const output = join(directory, 'out');
        const whole = joinLines(await translateLines(echoTransformer(), CHARACTERS, sources, { batch }));
        const batches = Math.ceil(sources.length / batch);

        const first = echoTransformer();
        const stop = new AbortController();
        if (stopAfter === 0) stop.abort(new Error('stopped'));
        const interrupted = translateToFile(first, CHARACTERS, sources, {
          ...toFile(output),
          batch,
          signal: stop.signal,
          onBatch({ index }) {
            if (index + 1 === stopAfter) stop.abort(new Error('stopped'));
          },
        });
        if (stopAfter >= batches) await interrupted;
        else {
          await assert.rejects(interrupted, /stopped/);
          assert.equal(existsSync(output), false);
          if (stopAfter > 0) await tear(`${output}.partial`, torn);
        }

        const second = echoTransformer();
        let resumed = 0;
        await translateToFile(second, CHARACTERS, sources, {
          ...toFile(output),
          batch,
          resume: true,
          onStart(start) {
            resumed = start.resumed;
          },
        });
        assert.equal(await readFile(output, 'utf8'), whole);
        assert.equal(existsSync(`${output}.partial`), false);
        assert.equal(resumed + second.calls.flatMap(({ ids }) => ids).length, sources.length);
        if (torn === 0 && stopAfter < batches) assert.equal(second.calls.length, batches - stopAfter);

        // Once more: nothing is left to do. Once it is changed, all is.
        const third = echoTransformer();
        let isFinished = false;
        const again = await translateToFile(third, CHARACTERS, sources, {
          ...toFile(output),
          batch,
          resume: true,
          replace: false,
          onStart(start) {
            isFinished = start.isFinished;
          },
        });
        assert.deepEqual([third.calls.length, isFinished, joinLines(again)], [0, true, whole]);
        await appendFile(output, 'x');
        await assert.rejects(
          translateToFile(third, CHARACTERS, sources, {
            ...toFile(output),
            batch,
            resume: true,
            replace: false,
          }),
          (error) =>
            error instanceof UsageError && /exists already, and nothing tells .*--force/.test(error.message),
        );
        await rm(output);
        await rm(`${output}.done`);
      }),
      { numRuns: 40 },
    );
  });
});

test('what an interrupted run with other options or lines has left is not mixed in', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    await leavePartial(output, ['a b', 'c']);
    for (const [sources, options, named] of [
      [['a b', 'c'], { beam: 2 }, /other beam;/],
      [['a b', 'd'], {}, /other input;/],
      [['a b', 'c'], { legacyLength: true }, /other length;/],
      [['a b', 'c'], { hashes: { checkpoint: 'x', vocabulary: 'y' } }, /other checkpoint, vocabulary;/],
    ] as const) {
      const again = { ...toFile(output), batch: 1, resume: true, ...options };
      await assert.rejects(translateToFile(echoTransformer(), CHARACTERS, sources, again), (error) => {
        return error instanceof UsageError && named.test(error.message);
      });
    }
    let discarded = 0;
    await translateToFile(echoTransformer(), CHARACTERS, ['a b', 'd'], {
      ...toFile(output),
      batch: 1,
      onStart(start) {
        discarded = start.discarded;
      },
    });
    assert.equal(discarded, 1);
    assert.equal(await readFile(output, 'utf8'), 'a b\nd\n');
  });
});

test('however what an interrupted run left is damaged, resuming gives the same file or a typed error', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    const partial = `${output}.partial`;
    const damage = fc.array(mutation, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(lines, batchSize, fc.nat(8), damage, async (sources, batch, stopAfter, changes) => {
        const whole = joinLines(await translateLines(echoTransformer(), CHARACTERS, sources, { batch }));
        const stop = new AbortController();
        const run = { ...toFile(output), batch, resume: true };
        await translateToFile(echoTransformer(), CHARACTERS, sources, {
          ...run,
          signal: stop.signal,
          onBatch: ({ index }) => void (index === stopAfter && stop.abort(new Error('stopped'))),
        }).catch(() => {});
        if (existsSync(partial)) {
          await writeFile(partial, changes.reduce<Uint8Array>(mutate, await readFile(partial)));
          const resumed = translateToFile(echoTransformer(), CHARACTERS, sources, run);
          const failed = await resumed.then(
            () => false,
            (error) => error instanceof DataError,
          );
          if (failed)
            await translateToFile(echoTransformer(), CHARACTERS, sources, { ...run, resume: false });
          else await resumed;
        }
        assert.equal(await readFile(output, 'utf8'), whole);
        await rm(output);
        await rm(`${output}.done`, { force: true });
      }),
      { numRuns: 300 },
    );
  });
});

test('finished batches of other lines are refused', async () => {
  const finished = new Map([[0, await translateLines(echoTransformer(), CHARACTERS, ['a'])]]);
  for (const sources of [['b'], ['a', 'a']]) {
    await dataErrorOf(
      translateLines(echoTransformer(), CHARACTERS, sources, { finished }),
      /batch 0 was finished before with other sentences/,
    );
  }
});

test('an output that another process is writing, or that the run reads, is refused', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    await writeFile(output, 'read');
    const run = (change: Partial<TranslateToFileOptions> = {}) =>
      translateToFile(echoTransformer(), CHARACTERS, ['a b', 'c'], {
        ...toFile(output),
        batch: 1,
        ...change,
      });
    await assert.rejects(run({ inputs: [output] }), /is an input of this run too/);
    assert.equal(await readFile(output, 'utf8'), 'read');
    await run({ onBatch: () => assert.rejects(run(), /out: process \d+ on \S+ is writing it/) });
    assert.equal(await readFile(output, 'utf8'), 'a b\nc\n');
  });
});

test('a failed run leaves an older output as it was', async () => {
  await withDirectory(async (directory) => {
    const output = join(directory, 'out');
    await writeFile(output, 'older');
    await leavePartial(output, ['a b', 'c']);
    assert.equal(await readFile(output, 'utf8'), 'older');
  });
});

test('files of translations are named as Tensor2Tensor names them', () => {
  const config = { scope: 'sparse_transformer', technique: 'magnitude_pruning' } as const;
  assert.equal(
    decodesFileName('newstest2014.en', config),
    'newstest2014.en.sparse_transformer.sparse_transformer_magnitude_pruning_tpu.translate_ende_wmt32k_packed.beam4.alpha0.6.decodes',
  );
  assert.match(decodesFileName('x', config, { beam: 1, alpha: 1 }), /\.beam1\.alpha1\.0\.decodes$/);
  assert.match(decodesFileName('x', { ...config, technique: 'random_pruning' }), /_magnitude_pruning_tpu/);
});

function toFile(output: string): Pick<TranslateToFileOptions, 'output' | 'hashes'> {
  return { output, hashes: { checkpoint: 'c', vocabulary: 'v' } };
}

/** Runs with batches of one line until the first is done. */
async function leavePartial(output: string, sources: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const run = translateToFile(echoTransformer(), CHARACTERS, sources, {
    ...toFile(output),
    batch: 1,
    signal: stop.signal,
    onBatch: () => stop.abort(new Error('stopped')),
  });
  await assert.rejects(run, /stopped/);
}

/** Cuts bytes off the end of a file, as a crash may. */
async function tear(path: string, bytes: number): Promise<void> {
  const { length } = await readFile(path);
  await truncate(path, Math.max(0, length - bytes));
}

test('a translation is one line, whatever the vocabulary unescapes to', () => {
  const translation = (text: string) => ({ source: '', translation: text, ids: [], score: 0 });
  const translations = [translation('a\nb'), translation('c')];
  assert.equal(joinLines(translations), 'a b\nc\n');
  assert.equal(countBroken(translations), 1);
});
