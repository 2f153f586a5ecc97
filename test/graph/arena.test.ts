import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOut } from '../../src/graph/arena.ts';
import { elements, type GraphNode, type TransientTensor } from '../../src/graph/node.ts';
import { kernel } from '../../src/wgsl/kernel.ts';
import fc from '../support/fast-check.ts';

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

test('there are no more buffers than tensors at the busiest moment, none larger than any tensor', () => {
  fc.assert(
    fc.property(nodes, (nodes) => {
      const { sizes, placement } = layOut(nodes);
      assert.equal(sizes.length, Math.max(0, ...living(nodes).map((tensors) => tensors.size)));
      const largest = Math.max(0, ...[...placement.keys()].map((tensor) => elements(tensor) * 4));
      assert.ok(sizes.every((bytes) => bytes > 0 && bytes <= largest));
    }),
    { numRuns: 300 },
  );
});
