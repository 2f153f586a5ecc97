import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elements } from '../../../src/graph/device/scope.ts';
import { layOut } from '../../../src/graph/plan/arena.ts';
import type { GraphNode, TransientTensor } from '../../../src/graph/plan/node.ts';
import { kernel } from '../../../src/wgsl/kernel.ts';
import fc from '../../support/fast-check.ts';

const anyKernel = kernel({ name: 'any', parameters: [], bindings: [], body: '' });

/** Dispatches over some tensors of different sizes, each dispatch with any of them. */
const nodes: fc.Arbitrary<GraphNode[]> = fc
  .array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 })
  .chain((sizes) => {
    const tensors = sizes.map((size, i): TransientTensor => ({ name: `t${i}`, shape: [size, 2] }));
    return fc.array(fc.subarray(tensors, { minLength: 1 }), { maxLength: 15 });
  })
  .map((dispatches) =>
    dispatches.map((tensors) => ({ kernel: anyKernel, grid: [1, 1, 1], parameters: {}, tensors })),
  );

/** The tensors that live during each dispatch: named by it, or before it and again after it. */
function living(nodes: readonly GraphNode[]): Set<TransientTensor>[] {
  const named = nodes.map(({ tensors }) => new Set(tensors as readonly TransientTensor[]));
  return named.map((now, index) => {
    const before = new Set(named.slice(0, index).flatMap((tensors) => [...tensors]));
    const after = new Set(named.slice(index + 1).flatMap((tensors) => [...tensors]));
    return new Set([...now, ...[...before].filter((tensor) => after.has(tensor))]);
  });
}

test('tensors that live at the same time never share a buffer, and every buffer is large enough', () => {
  fc.assert(
    fc.property(nodes, (nodes) => {
      const { sizes, placement } = layOut(nodes);
      for (const tensors of living(nodes)) {
        const slots = [...tensors].map((tensor) => placement.get(tensor)!);
        assert.equal(new Set(slots).size, slots.length);
      }
      for (const [tensor, slot] of placement) assert.ok(sizes[slot] >= elements(tensor) * 4);
    }),
    { numRuns: 300 },
  );
});

test('a buffer is as large as its largest tensor, and there is one more only for a tensor that meets all others', () => {
  fc.assert(
    fc.property(nodes, (nodes) => {
      const { sizes, placement } = layOut(nodes);
      const moments = living(nodes);
      const meet = (a: TransientTensor, b: TransientTensor) =>
        moments.some((now) => now.has(a) && now.has(b));
      const bytes = (tensor: TransientTensor) => elements(tensor) * 4;
      const largest = sizes.map((size, slot) => {
        const here = [...placement.keys()].filter((tensor) => placement.get(tensor) === slot);
        assert.equal(Math.max(...here.map(bytes)), size);
        return here.find((tensor) => bytes(tensor) === size)!;
      });
      largest.forEach((tensor, slot) => {
        for (let other = 0; other < slot; other++) {
          const there = [...placement.keys()].filter((each) => placement.get(each) === other);
          assert.ok(there.some((each) => meet(tensor, each)));
        }
      });
    }),
    { numRuns: 300 },
  );
});

test('a chain, each tensor read for the next, takes the room of two neighbours, at most of the three largest', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 30 }), (extents) => {
      const chain = extents.map((extent, i): TransientTensor => ({ name: `t${i}`, shape: [extent] }));
      const links = chain.slice(1).map((tensor, i) => ({
        ...{ kernel: anyKernel, grid: [1, 1, 1] as const, parameters: {} },
        tensors: [chain[i], tensor],
      }));
      const total = layOut(links).sizes.reduce((sum, bytes) => sum + bytes, 0);
      const [largest, second, third = 0] = extents.toSorted((a, b) => b - a);
      assert.ok(total >= 4 * Math.max(...extents.slice(1).map((extent, i) => extent + extents[i])));
      assert.ok(total <= 4 * (largest + second + third));
    }),
  );
});
