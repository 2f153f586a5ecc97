import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resting } from '../../../src/graph/device/resting.ts';

const elsewhere = typeof setImmediate === 'undefined' && 'browsers do not rest: they have no setImmediate';

/** Turns that the event loop takes, kept busy as Dawn keeps it, until the work is done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work;
  isDone = true;
  return turns;
}

const after = <T>(milliseconds: number, value: T) =>
  new Promise<T>((resolve) => setTimeout(() => resolve(value), milliseconds));

test('the event loop turns rarely while something is waited for with rest, and freely after', {
  skip: elsewhere,
}, async () => {
  const rested = await turnsDuring(resting(after(300, undefined)));
  // A tenth of the wait each, up to a millisecond: some 50 in the first ten milliseconds, then one each.
  assert.ok(rested >= 50 && rested <= 600, `${rested} turns`);
  const free = await turnsDuring(after(300, undefined));
  assert.ok(free > 3 * rested, `${free} turns, ${rested} with rest`);
});

test('waits that overlap rest together, and each gives what its work gives', {
  skip: elsewhere,
}, async () => {
  const failing = after(20, undefined).then(() => {
    throw new Error('no');
  });
  const [first, , last] = await Promise.all([
    resting(after(5, 'a')),
    assert.rejects(resting(failing), /no/),
    resting(after(40, 'b')),
  ]);
  assert.deepEqual([first, last], ['a', 'b']);
  const turns = await turnsDuring(Promise.all([resting(after(200, 0)), resting(after(200, 0))]));
  assert.ok(turns <= 400, `${turns} turns`);
});

test('a short wait stays short', { skip: elsewhere }, async () => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const started = performance.now();
    await resting(Promise.resolve());
    least = Math.min(least, performance.now() - started);
  }
  assert.ok(least < 1, `${least} ms`);
});
