import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError } from '../../src/base/errors.ts';
import { type Kept, RecentlyUsed } from '../../src/base/recently-used.ts';
import fc from '../support/fast-check.ts';

test('what was used last stays, what came before as far as there is room, and each is made and disposed once', () => {
  const uses = fc.array(fc.record({ key: fc.nat({ max: 5 }), bytes: fc.integer({ min: 1, max: 10 }) }));
  fc.assert(
    fc.property(uses, fc.nat({ max: 30 }), (uses, most) => {
      const alive = new Map<number, Kept>();
      /** The last used stands first. */
      let order: number[] = [];
      const kept = new RecentlyUsed<number, Kept>(most);
      for (const { key, bytes } of uses) {
        const known = alive.get(key);
        const value = kept.use(key, () => ({
          byteLength: bytes,
          [Symbol.dispose]: () => assert.ok(alive.delete(key), `${key} was disposed twice`),
        }));
        if (known) assert.equal(value, known);
        alive.set(key, value);
        order = [key, ...order.filter((other) => other !== key)];
        // Those longest unused are gone, and only as many as had to go.
        const others = order.slice(1).map((other) => alive.get(other));
        const left = others.filter((other) => other !== undefined);
        assert.deepEqual(others.slice(0, left.length), left);
        const sizes = left.reduce((sum, { byteLength }) => sum + byteLength, 0);
        assert.ok(sizes <= most);
        assert.equal(kept.byteLength, sizes + value.byteLength);
        order = [key, ...order.slice(1, 1 + left.length)];
      }
      kept.clear();
      assert.equal(alive.size, 0);
      assert.equal(kept.byteLength, 0);
    }),
  );
});

test('once disposed it keeps nothing and makes nothing', () => {
  let gone = 0;
  const kept = new RecentlyUsed<number, Kept>(20);
  const make = () => ({ byteLength: 1, [Symbol.dispose]: () => gone++ });
  kept.use(0, make);
  kept.use(1, make);
  kept[Symbol.dispose]();
  assert.equal(gone, 2);
  assert.throws(() => kept.use(2, make), DisposedError);
});

test('nothing goes as long as there is room', () => {
  const kept = new RecentlyUsed<number, Kept>(20);
  const gone: number[] = [];
  for (const key of [0, 1, 2, 0, 3]) {
    kept.use(key, () => ({ byteLength: 10, [Symbol.dispose]: () => gone.push(key) }));
  }
  // Beside 3 there is room for two: 0, used again, and 2.
  assert.deepEqual(gone, [1]);
});
