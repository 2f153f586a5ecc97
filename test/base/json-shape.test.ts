import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreeing,
  anything,
  either,
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
  real,
  recordOf,
  type Shape,
  sha256,
  text,
  truth,
  whole,
} from '../../src/base/json-shape.ts';
import fc from '../support/fast-check.ts';

const COUNTS = agreeing(fields({ right: whole(), all: whole() }), ({ right, all }) =>
  right <= all ? undefined : `${right} of ${all} cannot be right`,
);

test('what is wrong is told with its place and with what must be there', () => {
  const shape = fields({
    name: text('a name', /^\w+$/),
    share: optional(real({ least: 0, most: 1 })),
    parts: listOf(COUNTS, { least: 1 }),
    notes: recordOf(nullable(either(text(), oneOf(7)))),
    done: truth,
  });
  const good = { name: 'a', share: 0.5, parts: [{ right: 1, all: 1 }], notes: { x: null, y: 7 }, done: true };
  const flaw = (change: object) => shape({ ...good, ...change }, '');
  assert.equal(flaw({}), undefined);
  assert.equal(flaw({ more: 'of a later version' }), undefined);
  assert.equal(flaw({ name: undefined }), 'name is missing; it must be a name');
  assert.equal(flaw({ name: 'a b' }), 'name is "a b"; it must be a name');
  assert.equal(flaw({ share: 2 }), 'share is 2; it must be a number from 0 to 1');
  assert.equal(flaw({ parts: [] }), 'parts is a list of 0; it must be a list of at least 1');
  assert.equal(flaw({ parts: [{ right: 2, all: 1 }] }), 'parts[0]: 2 of 1 cannot be right');
  assert.equal(
    flaw({ parts: [{ right: -1, all: 1 }] }),
    'parts[0].right is -1; it must be a whole number from 0',
  );
  assert.equal(flaw({ notes: { y: 8 } }), 'notes.y is 8; it must be 7');
  assert.equal(flaw({ done: {} }), 'done is an object; it must be true or false');
  assert.equal(shape(null, ''), 'it is null; it must be an object');
  assert.equal(flaw({ name: ' '.repeat(1e6) })?.length, 'name is "…; it must be a name'.length + 59);
});

test('numbers are finite, counts are whole and exact', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined]) {
    assert.notEqual(real()(value, ''), undefined);
    assert.notEqual(whole()(value, ''), undefined);
  }
  for (const value of [-1, 0.5, 2 ** 53]) assert.notEqual(whole()(value, ''), undefined);
  assert.equal(whole({ least: -1 })(-1, ''), undefined);
  assert.equal(sha256('0'.repeat(64), ''), undefined);
  assert.notEqual(sha256('0'.repeat(63), ''), undefined);
});

test('a field counts only where the value has it itself', () => {
  const shape = fields({ constructor: anything, toString: text() });
  assert.match(shape({}, '') ?? '', /toString is missing/);
});

test('a value passes just where all of its parts do', () => {
  const isText = (value: unknown) => typeof value === 'string';
  const inside: readonly (readonly [Shape<unknown>, (value: unknown) => boolean])[] = [
    [listOf(text()), (value) => Array.isArray(value) && value.every(isText)],
    [recordOf(text()), (value) => isPlain(value) && Object.values(value).every(isText)],
    [nullable(text()), (value) => value === null || isText(value)],
    [either(text(), real()), (value) => isText(value) || typeof value === 'number'],
  ];
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...inside), (value, [shape, passes]) => {
      const plain = JSON.parse(JSON.stringify(value));
      assert.equal(shape(plain, '') === undefined, passes(plain));
    }),
    { numRuns: 1000 },
  );
});

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
