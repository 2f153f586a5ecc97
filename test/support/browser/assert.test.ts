// Not from `node:assert/strict`, in whose place the one tested here stands in browsers.
import { strict as node } from 'node:assert';
import { test } from 'node:test';
import fc from '../fast-check.ts';
import browser from './assert.ts';

/** The same objects are the same members. */
const [ONE, OTHER] = [{}, {}];

/** Values that tests compare, some of each kind alike. */
const value = fc.oneof(
  fc.constantFrom<unknown>(0, -0, Number.NaN, undefined, null, '', 'a', true, 1n, /a/, /a/g, new Date(0)),
  fc
    .constantFrom<() => unknown>(
      () => new Float32Array([0, Number.NaN]),
      () => new Float32Array([-0, Number.NaN]),
      () => new Uint32Array([0, 1]),
      () => new Uint8Array([0, 1]).buffer,
      () => new DataView(new Uint8Array([0, 1]).buffer),
      () => new Map([['a', { b: 1 }]]),
      () => new Map([['a', { b: 2 }]]),
      () => new Set([1, 2]),
      () => new Set([2, 1]),
      () => new Set([ONE, OTHER, 3, 4]),
      () => new Set([4, OTHER, ONE, 3]),
      () => new Error('a'),
      () => new TypeError('a'),
      () => Object.assign(new Float32Array(1), { shape: [1] }),
      () => Object.assign(new Float32Array(1), { shape: [2] }),
    )
    .map((make) => make()),
  fc.anything({ withTypedArray: true, withSparseArray: true, withNullPrototype: true, maxDepth: 2 }),
  fc.dictionary(fc.string({ maxLength: 1 }), fc.nat(2)).map((each) => new Map(Object.entries(each))),
  fc.array(fc.nat(2)).map((each) => new Set(each)),
);

const same = fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.record({ a: value }));

test('deepEqual and equal find the same equal as those of Node', () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(same, same), fc.clone(same, 2)), ([a, b]) => {
      for (const [name, opposite] of [
        ['deepEqual', 'notDeepEqual'],
        ['equal', 'notEqual'],
      ] as const) {
        const expected = passes(() => node[name](a, b));
        node.equal(
          passes(() => browser[name](a, b)),
          expected,
          name,
        );
        node.equal(
          passes(() => browser[opposite](a, b)),
          !expected,
          opposite,
        );
      }
    }),
    { numRuns: 3000 },
  );
});

test('throws and rejects take what those of Node take', async () => {
  class Special extends Error {}
  const thrown = [new Error('a message'), new TypeError('a message'), new Special('another'), 'a message'];
  const expectations = [
    /^Error: a mess/,
    /a message/,
    Error,
    Special,
    { message: 'a message' },
    { message: /^a/, name: 'TypeError' },
    (error: unknown) => error instanceof TypeError,
    undefined,
  ];
  for (const error of thrown) {
    for (const expected of expectations) {
      const raise = () => {
        throw error;
      };
      const wanted = passes(() => node.throws(raise, expected as RegExp));
      node.equal(
        passes(() => browser.throws(raise, expected)),
        wanted,
        `${error}, ${expected}`,
      );
      const rejected = browser.rejects(Promise.reject(error), expected).then(
        () => true,
        () => false,
      );
      node.equal(await rejected, wanted, `${error}, ${expected}, rejected`);
    }
  }
  node.throws(() => browser.throws(() => 1), /nothing was thrown; it gave 1/);
  await node.rejects(
    browser.rejects(async () => 1, 'said'),
    /said: nothing was thrown/,
  );
});

test('the others pass and fail as those of Node do, and say why', () => {
  const calls: [work: (assert: typeof browser) => void, text: RegExp | undefined][] = [
    [(assert) => assert(1), undefined],
    [(assert) => assert.ok(0, 'why'), /why: 0 is not truthy/],
    [(assert) => assert.match('abc', /b/), undefined],
    [(assert) => assert.match('abc', /d/), /"abc" does not match \/d\//],
    [(assert) => assert.doesNotMatch('abc', /d/), undefined],
    [(assert) => assert.doesNotMatch('abc', /b/), /"abc" matches/],
    [(assert) => assert.fail('why'), /why/],
  ];
  for (const [work, text] of calls) {
    node.equal(
      passes(() => work(node as unknown as typeof browser)),
      text === undefined,
    );
    if (text === undefined) work(browser);
    else node.throws(() => work(browser), { name: 'AssertionError', message: text });
  }
});

function passes(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
