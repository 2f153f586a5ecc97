import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/errors.ts';
import type { Gpu } from '../../../src/graph/gpu.ts';
import { Graph } from '../../../src/graph/graph.ts';
import type { Candidate, Choice } from '../../../src/graph/node.ts';
import { type DeviceTensor, readWords, Scope } from '../../../src/graph/scope.ts';
import { Tuning, type TuningOptions, type TuningStore } from '../../../src/graph/tuning/tuning.ts';
import { parseRecord, recordName } from '../../../src/graph/tuning/tuning-record.ts';
import { kernel, unroll } from '../../../src/wgsl/kernel.ts';
import { inGuise } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';

/**
 * Adds 1 to a word, after so many rounds of needless work, which no compiler can shorten. Rounds are long rather than many:
 * llvmpipe leaves all loops after 65,535.
 */
function increment(name: string, rounds: number): Candidate {
  return {
    grid: [1, 1, 1],
    kernel: kernel({
      name,
      parameters: [{ name: 'zero', type: 'u32' }],
      bindings: [{ name: 'word', element: 'u32', access: 'read_write' }],
      body: /* wgsl */ `
@compute @workgroup_size(1)
fn main() {
  var work = word[0];
  for (var round = 0u; round < ${rounds}u; round++) {
${unroll(32, () => '    work = (work ^ (work >> 15u)) * 1664525u + 1013904223u;')}
  }
  word[0] = word[0] + 1u + (work & params.zero);
}`,
    }),
  };
}

const SLOW = increment('slow', 60_000);
const QUICK = increment('quick', 0);
const BROKEN: Candidate = { ...QUICK, kernel: { ...QUICK.kernel, name: 'broken', code: 'fn main( {' } };

/** A dispatch that some candidates can do. */
function choiceOf(...candidates: readonly Candidate[]): Choice {
  return { weight: 'increment [1, 1], 1 entries a row', format: 'sparse', use: '1 column', candidates };
}

/** A store that keeps its records as they would be in a file. */
function memoryStore(): TuningStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    async load(name) {
      const text = texts.get(name);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async save(name, record) {
      texts.set(name, JSON.stringify(record));
    },
  };
}

async function tuned(options: TuningOptions): Promise<Gpu> {
  const gpu = await testGpu();
  return inGuise(gpu, { tuning: await Tuning.open(gpu.adapter, options) });
}

/** Plans a dispatch. @returns the kernel that was chosen, and what the word is before the first run and after it. */
async function planned(gpu: Gpu, choice: Choice): Promise<{ kernel: string; words: number[] }> {
  using scope = new Scope(gpu);
  const word: DeviceTensor = scope.tensor('word', [1]);
  const graph = new Graph(gpu, 'increment');
  graph.dispatchFastest(choice, { zero: 0 }, { word });
  using plan = await graph.plan();
  const [before] = await readWords(gpu, word, 1);
  plan.run();
  const [after] = await readWords(gpu, word, 1);
  return { kernel: plan.kernels[0], words: [before, after] };
}

test('without leave to measure, the first candidate is taken', async () => {
  const gpu = await tuned({ budget: 0, store: memoryStore() });
  assert.equal((await planned(gpu, choiceOf(SLOW, QUICK))).kernel, 'slow');
  assert.deepEqual(
    gpu.tuning.explain().map(({ why, kernel: name }) => [why, name]),
    [['default', 'slow']],
  );
});

test('the fastest candidate is measured, kept and remembered; tensors that outlive the plan stay as they are', async () => {
  const store = memoryStore();
  const gpu = await tuned({ budget: 60, store });
  const choice = choiceOf(SLOW, QUICK);
  assert.deepEqual(await planned(gpu, choice), { kernel: 'quick', words: [0, 1] });
  const [{ why, milliseconds }] = gpu.tuning.explain();
  assert.equal(why, 'measured');
  assert.ok(milliseconds.quick < milliseconds.slow);

  const later = await tuned({ budget: 0, store });
  assert.deepEqual(await planned(later, choice), { kernel: 'quick', words: [0, 1] });
  assert.equal(later.tuning.explain()[0].why, 'remembered');
  // Other kernels than were measured: what was measured says nothing of them.
  const changed = { ...SLOW, kernel: { ...SLOW.kernel, code: `${SLOW.kernel.code}\n// changed` } };
  assert.equal((await planned(later, choiceOf(changed, QUICK))).kernel, 'slow');
});

test('when the time is up the first candidate is taken, and nothing is kept', async () => {
  const store = memoryStore();
  const gpu = await tuned({ budget: 1e-6, store });
  assert.equal((await planned(gpu, choiceOf(SLOW, QUICK))).kernel, 'slow');
  assert.equal(gpu.tuning.explain()[0].why, 'default');
});

test('what was measured is still chosen by when the time is used up, also without a store', async () => {
  const gpu = await tuned({ budget: 0.001 });
  const choice = choiceOf(SLOW, QUICK);
  gpu.tuning.keepTimes(choice, { slow: 2, quick: 1 });
  await gpu.tuning.measure(() => new Promise((resolve) => setTimeout(resolve, 5)));
  assert.equal(gpu.tuning.wantsTimes(choiceOf(SLOW)), false);
  assert.equal(gpu.tuning.chooses(choice), true);
  assert.equal((await planned(gpu, choice)).kernel, 'quick');
});

test('of two processes that save what they measured, neither forgets what the other did', async () => {
  const store = memoryStore();
  const [one, another] = [await tuned({ budget: 0, store }), await tuned({ budget: 0, store })];
  const choices = ['one', 'another'].map((weight) => ({ ...choiceOf(SLOW, QUICK), weight }));
  one.tuning.keepTimes(choices[0], { slow: 2, quick: 1 });
  another.tuning.keepTimes(choices[1], { slow: 2, quick: 1 });
  await one.tuning.save();
  await another.tuning.save();
  const { tuning: later } = await tuned({ budget: 0, store });
  for (const choice of choices) assert.equal(later.best(choice).kernel.name, 'quick');
});

test('a budget that is no number of seconds is refused', async () => {
  for (const budget of [-1, Number.NaN]) await assert.rejects(tuned({ budget }), UsageError);
});

test('a candidate that the driver refuses is left out', async () => {
  const gpu = await tuned({ budget: 60 });
  assert.equal((await planned(gpu, choiceOf(SLOW, BROKEN, QUICK))).kernel, 'quick');
});

test('a store that fails is no reason to fail', async () => {
  const refuse = () => Promise.reject(new Error('a full disk'));
  const gpu = await tuned({ budget: 60, store: { load: refuse, save: refuse } });
  assert.equal((await planned(gpu, choiceOf(SLOW, QUICK))).kernel, 'quick');
  await assert.rejects(gpu.tuning.save(), /full disk/);
});

test('a hair faster is not worth leaving the default for', async () => {
  const gpu = await tuned({ budget: 0, store: memoryStore() });
  const choice = choiceOf(SLOW, QUICK);
  gpu.tuning.keepTimes(choice, { slow: 1, quick: 0.98 });
  assert.equal(gpu.tuning.best(choice).kernel.name, 'slow');
  gpu.tuning.keepTimes(choice, { slow: 1, quick: 0.9 });
  assert.equal(gpu.tuning.best(choice).kernel.name, 'quick');
});

test('a weight is held as all its uses together are faster, and only where both forms were measured', async () => {
  const store = memoryStore();
  const { tuning } = await tuned({ budget: 0, store });
  const uses = [
    { use: '32 columns', sparse: 1, dense: 2 },
    { use: '256 columns', sparse: 16, dense: 8 },
    { use: '4 columns', sparse: 8, dense: 4 },
  ];
  for (const { use, ...times } of uses) {
    for (const format of ['sparse', 'dense'] as const) {
      const choice = { ...choiceOf(SLOW, QUICK), format, use };
      tuning.best(choice);
      tuning.keepTimes(choice, { slow: 100, quick: times[format] });
    }
  }
  const alone = { ...choiceOf(SLOW), weight: 'another' };
  tuning.best(alone);
  tuning.keepTimes(alone, { slow: 1 });
  assert.equal(tuning.format('increment [1, 1], 1 entries a row'), undefined);
  tuning.decideFormats();
  const { 'increment [1, 1], 1 entries a row': means, ...rest } = tuning.explainFormats();
  assert.deepEqual(rest, {});
  assert.ok(Math.abs(means.sparse - 128 ** (1 / 3)) < 1e-9 && Math.abs(means.dense - 4) < 1e-9);
  await tuning.save();
  const { tuning: later } = await tuned({ budget: 0, store });
  assert.equal(later.format('increment [1, 1], 1 entries a row'), 'dense');
  assert.equal(later.format('another'), undefined);
});

test('records that are damaged, of another version or of another adapter count for nothing', async () => {
  const { adapter } = await testGpu();
  const sound = {
    version: 1,
    adapter,
    dispatches: { a: { kernels: '0', milliseconds: { quick: 1 } }, b: { kernels: 0 }, c: null },
    formats: { d: { sparse: 1, dense: 2 }, e: { sparse: -1, dense: 2 }, f: { sparse: '1', dense: 2 } },
  };
  const { dispatches, formats } = parseRecord(sound, adapter);
  assert.deepEqual([Object.keys(dispatches), Object.keys(formats)], [['a'], ['d']]);
  const driver = { ...adapter, description: 'another driver' };
  for (const record of [
    { ...sound, version: 2 },
    { ...sound, adapter: driver },
    { ...sound, adapter: null },
  ]) {
    assert.deepEqual(parseRecord(record, adapter), { adapter, dispatches: {}, formats: {} });
  }
  assert.notEqual(recordName(adapter), recordName(driver));
  await holds(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (anything, entries) => {
      for (const record of [anything, { version: 1, adapter, dispatches: entries, formats: entries }]) {
        const store: TuningStore = { load: async () => record, save: async () => {} };
        const { tuning } = await tuned({ budget: 0, store });
        assert.equal(tuning.best(choiceOf(SLOW, QUICK)).kernel.name, 'slow');
      }
    }),
    200,
  );
});
