import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder, PartLoader } from '../../../src/models/loading/part-loader.ts';
import fc from '../../support/fast-check.ts';

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How many turns of the event loop a part takes, and whether it fails then. */
const part = fc.record({ turns: fc.nat({ max: 4 }), fails: fc.boolean() });

test('whoever awaits parts in order meets the first failure, and afterwards none is under way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const loader = new PartLoader();
      const begun: number[] = [];
      let running = 0;
      let most = 0;
      const loading = parts.map(({ turns, fails }, index) =>
        loader.load(async () => {
          begun.push(index);
          most = Math.max(most, ++running);
          for (let turn = 0; turn < turns; turn++) await sleep(0);
          running--;
          if (fails) throw new Error(`part ${index}`);
          return index;
        }),
      );
      const first = parts.findIndex(({ fails }) => fails);
      const loaded = inOrder({ list: inOrder(loading) });
      if (first < 0) assert.deepEqual((await loaded).list, [...parts.keys()]);
      else await assert.rejects(loaded, new RegExp(`part ${first}$`));
      await loader.close();
      assert.equal(running, 0);
      assert.deepEqual(begun, [...begun.keys()]);
      assert.ok(most <= 2);
    }),
    { numRuns: 60 },
  );
});

test('nothing more is begun after a loader was closed', async () => {
  const loader = new PartLoader();
  const begun: number[] = [];
  for (let index = 0; index < 5; index++) {
    void loader.load(async () => {
      begun.push(index);
      await sleep(0);
    });
  }
  await loader.close();
  await sleep(5);
  assert.deepEqual(begun, [0, 1]);
});
