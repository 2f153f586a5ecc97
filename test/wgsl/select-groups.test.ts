import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectGroups, selectionWords, writeSelection } from '../../src/graph/operations/select-groups.ts';
import { compute, sink } from '../support/compute.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { holds } from '../support/property.ts';
import { below, randomFrom } from '../support/random.ts';

test('groups of all rows are selected in the order asked for, and nothing else is written', async () => {
  const given = fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    rowsBeyond: fc.integer({ min: 0, max: 2 }),
    groups: fc.integer({ min: 1, max: 7 }),
    selected: fc.integer({ min: 1, max: 9 }),
    size: fc.integer({ min: 1, max: 30 }),
    varies: fc.constantFrom(undefined, 'rows', 'size'),
    /** By how much the room is larger than what the selection tells. */
    room: fc.integer({ min: 0, max: 5 }),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(given, async ({ rows, rowsBeyond, groups, selected, size, varies, room, seed }) => {
      const random = randomFrom(seed);
      const chosen = Array.from({ length: selected }, () => below(random, groups));
      const whole = new Uint32Array((rows + rowsBeyond) * groups * size).map((_, i) => i);
      const gpu = await testGpu();
      const { into } = await compute(gpu, (graph, scope) => {
        const into = sink(scope, [rows, selected, size]);
        const selection = scope.tensor('selection', [selectionWords(selected)]);
        writeSelection(gpu, selection, { rows, size, chosen });
        const most = {
          rows: varies === 'rows' ? rows + room : rows,
          size: varies === 'size' ? size + room : size,
        };
        const grouping = { ...most, groups, ...(varies ? { varies } : {}) };
        selectGroups(
          graph,
          grouping,
          selection,
          scope.upload('whole', [rows + rowsBeyond, groups, size], whole),
          into,
        );
        return { into };
      });
      const count = rows * selected * size;
      for (let i = 0; i < count; i++) {
        const [place, word] = [Math.floor(i / size), i % size];
        const [row, group] = [Math.floor(place / selected), chosen[place % selected]];
        assert.equal(into[i], whole[(row * groups + group) * size + word]);
      }
      const [poison, ...guard] = into.subarray(count, count + 8);
      assert.ok(poison > whole.length && guard.every((word) => word === poison));
    }),
    30,
  );
});
