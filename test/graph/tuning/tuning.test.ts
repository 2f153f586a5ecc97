import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceError, UsageError } from '../../../src/base/errors.ts';
import { BufferUsage } from '../../../src/graph/device/buffer-usage.ts';
import type { Gpu } from '../../../src/graph/device/gpu.ts';
import type { Candidate, Choice } from '../../../src/graph/device/kernel-choice.ts';
import { type DeviceTensor, readWords, Scope } from '../../../src/graph/device/scope.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
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
/** Compiles, but cannot be run with as little memory as a word has. */
const GREEDY: Candidate = {
  ...QUICK,
  kernel: {
    ...QUICK.kernel,
    name: 'greedy',
    code: QUICK.kernel.code.replace('word: array<u32>', 'word: array<u32, 4096>'),
  },
};

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

/** Plans a dispatch, or several alike. @returns the kernel that was chosen, and what the word is before the first run and after. */
async function planned(gpu: Gpu, choice: Choice, times = 1): Promise<{ kernel: string; words: number[] }> {
  using scope = new Scope(gpu);
  const word: DeviceTensor = scope.tensor('word', [1]);
  const graph = new Graph(gpu, 'increment');
  for (let time = 0; time < times; time++) graph.dispatchFastest(choice, { zero: 0 }, { word });
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

test('of two processes that measure parts of one dispatch, neither forgets what the other did', async () => {
  const store = memoryStore();
  const choice = choiceOf(SLOW, QUICK);
  const [one, another] = [await tuned({ budget: 0, store }), await tuned({ budget: 0, store })];
  one.tuning.keepTimes(choice, { slow: 3 });
  await one.tuning.save();
  const third = await tuned({ budget: 0, store });
  another.tuning.keepTimes(choice, { slow: 2, quick: 1 });
  await another.tuning.save();
  // What it only remembers does not count against what was measured since.
  third.tuning.keepTimes({ ...choice, use: 'another' }, { quick: 1 });
  await third.tuning.save();
  const { tuning } = await tuned({ budget: 0, store });
  tuning.best(choice);
  assert.deepEqual(tuning.explain()[0].milliseconds, { slow: 2, quick: 1 });
});

test('a save that fails loses nothing: the next one saves it too, and waits for one that is on its way', async () => {
  const memory = memoryStore();
  let failures = 1;
  const store: TuningStore = {
    ...memory,
    async save(name, record) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (failures-- > 0) throw new Error('a full disk');
      await memory.save(name, record);
    },
  };
  const { tuning } = await tuned({ budget: 0, store });
  const choices = ['one', 'another'].map((weight) => ({ ...choiceOf(SLOW, QUICK), weight }));
  tuning.keepTimes(choices[0], { slow: 2, quick: 1 });
  const failing = assert.rejects(tuning.save(), /full disk/);
  // It has nothing of its own to save, but may not say that all is saved.
  const following = tuning.save();
  tuning.keepTimes(choices[1], { slow: 2, quick: 1 });
  await Promise.all([failing, following]);
  const { tuning: later } = await tuned({ budget: 0, store: memory });
  for (const choice of choices) assert.equal(later.best(choice).kernel.name, 'quick');
});

test('what cannot be read is not written over', async () => {
  const memory = memoryStore();
  const choice = choiceOf(SLOW, QUICK);
  const { tuning: other } = await tuned({ budget: 0, store: memory });
  other.keepTimes(choice, { slow: 2, quick: 1 });
  await other.save();
  const load = () => Promise.reject(new Error('too many open files'));
  const { tuning } = await tuned({ budget: 0, store: { ...memory, load } });
  tuning.keepTimes({ ...choice, weight: 'another' }, { slow: 2, quick: 1 });
  await assert.rejects(tuning.save(), /too many open files/);
  const { tuning: later } = await tuned({ budget: 0, store: memory });
  assert.equal(later.best(choice).kernel.name, 'quick');
});

test('a budget that is no number of seconds is refused', async () => {
  for (const budget of [-1, Number.NaN]) await assert.rejects(tuned({ budget }), UsageError);
});

for (const useless of [BROKEN, GREEDY]) {
  const { name } = useless.kernel;

  test(`a candidate that fails is left out, and not tried again: ${name}`, async () => {
    const store = memoryStore();
    const gpu = await tuned({ budget: 60, store });
    for (const choice of [
      choiceOf(SLOW, useless, QUICK),
      { ...choiceOf(useless, SLOW, QUICK), use: '2 columns' },
    ]) {
      assert.deepEqual(await planned(gpu, choice), { kernel: 'quick', words: [0, 1] });
      const { why, milliseconds, missing, failed } = gpu.tuning.explain().at(-1)!;
      assert.deepEqual([why, Object.keys(milliseconds)], ['measured', ['slow', 'quick']]);
      assert.deepEqual([missing, failed], [[], [name]]);
      assert.equal(gpu.tuning.wantsTimes(choice), false);
    }
    // Another process may have more luck.
    assert.ok(![...store.texts.values()].join().includes(name));
    const later = await tuned({ budget: 60, store });
    assert.equal(later.tuning.wantsTimes(choiceOf(SLOW, useless, QUICK)), true);
  });
}

test('where all candidates fail, the plan fails as the first does; where there are others, the first is not taken', async () => {
  const gpu = await tuned({ budget: 60 });
  const worse = { ...BROKEN, kernel: { ...BROKEN.kernel, name: 'worse', code: 'fn main) {' } };
  await assert.rejects(
    planned(gpu, choiceOf(BROKEN, worse)),
    (error) => error instanceof DeviceError && /"broken" does not compile/.test(error.message),
  );
  // The time was up before the second had its turn: it cannot be worse.
  const choice = { ...choiceOf(BROKEN, QUICK), use: 'cut short' };
  gpu.tuning.keepFailure(choice, BROKEN);
  assert.equal(gpu.tuning.best(choice).kernel.name, 'quick');
});

test('a kernel that was fastest once and no longer compiles gives way to the best of the others', async () => {
  const gpu = await tuned({ budget: 0 });
  const choice = choiceOf(SLOW, BROKEN, QUICK);
  gpu.tuning.keepTimes(choice, { slow: 3, broken: 1, quick: 2 });
  assert.deepEqual(await planned(gpu, choice, 2), { kernel: 'quick', words: [0, 2] });
  assert.deepEqual(gpu.tuning.explain()[0].milliseconds, { slow: 3, quick: 2 });
  // A default that was never measured, as it failed when others were.
  const other = { ...choiceOf(BROKEN, SLOW, QUICK), use: '2 columns' };
  gpu.tuning.keepTimes(other, { slow: 3, quick: 2 });
  assert.equal(gpu.tuning.best(other).kernel.name, 'broken');
  assert.deepEqual(await planned(gpu, other), { kernel: 'quick', words: [0, 1] });
});

test('what went wrong on the device before a plan measures is not laid on its candidates', async () => {
  const gpu = await tuned({ budget: 60 });
  const choice = choiceOf(SLOW, QUICK);
  const encoder = gpu.device.createCommandEncoder();
  // 7 is no multiple of 4.
  encoder.clearBuffer(gpu.createBuffer('word', 16, BufferUsage.COPY_DST), 7);
  gpu.device.queue.submit([encoder.finish()]);
  await assert.rejects(planned(gpu, choice), DeviceError);
  assert.equal((await planned(gpu, choice)).kernel, 'quick');
  assert.deepEqual(gpu.tuning.explain()[0].failed, []);
});

/** Lets the time be up when it was asked for so many times. */
function impatient({ tuning }: Gpu, patience: number): void {
  const measure = tuning.measure.bind(tuning);
  tuning.measure = (work) => {
    let asked = 0;
    return measure(() => work(() => ++asked > patience));
  };
}

test('a race that is cut short keeps what it measured, and later runs go on from there', async () => {
  const store = memoryStore();
  const choice = choiceOf(SLOW, increment('middling', 1_000_000), QUICK);
  const names = ['slow', 'middling', 'quick'];
  // Once for the dispatch, once for each candidate.
  for (const measured of [1, 2]) {
    const gpu = await tuned({ budget: 60, store });
    impatient(gpu, 2);
    assert.equal(gpu.tuning.wantsTimes(choice), true);
    await planned(gpu, choice);
    const [{ milliseconds, missing }] = gpu.tuning.explain();
    assert.deepEqual(Object.keys(milliseconds), names.slice(0, measured));
    assert.deepEqual(missing, names.slice(measured));
  }
  const gpu = await tuned({ budget: 60, store });
  assert.equal((await planned(gpu, choice)).kernel, 'quick');
  const [{ milliseconds, missing }] = gpu.tuning.explain();
  assert.deepEqual([Object.keys(milliseconds), missing], [names, []]);
  assert.equal(gpu.tuning.wantsTimes(choice), false);
});

test('what is measured is not measured again with what is missing', async () => {
  const store = memoryStore();
  const choice = choiceOf(SLOW, QUICK);
  const { tuning } = await tuned({ budget: 0, store });
  tuning.keepTimes(choice, { slow: 1e6 });
  await tuning.save();
  const gpu = await tuned({ budget: 60, store });
  assert.equal((await planned(gpu, choice)).kernel, 'quick');
  assert.equal(gpu.tuning.explain()[0].milliseconds.slow, 1e6);
});

test('as long as the default was not measured, it is not left for what was', async () => {
  const { tuning } = await tuned({ budget: 0 });
  const choice = choiceOf(SLOW, QUICK);
  tuning.keepTimes(choice, { quick: 1 });
  assert.equal(tuning.best(choice).kernel.name, 'slow');
  const [{ why, missing }] = tuning.explain();
  assert.deepEqual([why, missing], ['default', ['slow']]);
  tuning.keepTimes(choice, { slow: 2 });
  assert.equal(tuning.best(choice).kernel.name, 'quick');
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
    version: 2,
    adapter,
    dispatches: {
      a: { quick: { text: '0', milliseconds: 1 }, slow: { text: '0', milliseconds: -1 }, odd: null },
      b: { quick: { text: 0, milliseconds: 1 } },
      c: null,
    },
    formats: { d: { sparse: 1, dense: 2 }, e: { sparse: -1, dense: 2 }, f: { sparse: '1', dense: 2 } },
  };
  const { dispatches, formats } = parseRecord(sound, adapter);
  assert.deepEqual(dispatches, { a: { quick: { text: '0', milliseconds: 1 } } });
  assert.deepEqual(Object.keys(formats), ['d']);
  const driver = { ...adapter, description: 'another driver' };
  for (const record of [
    { ...sound, version: 1 },
    { ...sound, adapter: driver },
    { ...sound, adapter: null },
  ]) {
    assert.deepEqual(parseRecord(record, adapter), { adapter, dispatches: {}, formats: {} });
  }
  assert.notEqual(recordName(adapter), recordName(driver));
  await holds(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (anything, entries) => {
      for (const record of [anything, { version: 2, adapter, dispatches: entries, formats: entries }]) {
        const store: TuningStore = { load: async () => record, save: async () => {} };
        const { tuning } = await tuned({ budget: 0, store });
        assert.equal(tuning.best(choiceOf(SLOW, QUICK)).kernel.name, 'slow');
      }
    }),
    200,
  );
});
