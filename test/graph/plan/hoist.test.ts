import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceTensor } from '../../../src/graph/device/scope.ts';
import { layOut } from '../../../src/graph/plan/arena.ts';
import { hoist } from '../../../src/graph/plan/hoist.ts';
import type { GraphNode, GraphTensor } from '../../../src/graph/plan/node.ts';
import { kernel } from '../../../src/wgsl/kernel.ts';
import fc from '../../support/fast-check.ts';

/** A dispatch that reads some tensors, and writes others or changes them. */
function node(name: string, reads: readonly GraphTensor[], writes: readonly GraphTensor[]): GraphNode {
  const binding = (i: number, access: 'read' | 'read_write') => ({ name: `t${i}`, element: 'f32', access });
  const bindings = [
    ...reads.map((_, i) => binding(i, 'read')),
    ...writes.map((_, i) => binding(reads.length + i, 'read_write')),
  ];
  const made = kernel({ name, parameters: [], bindings, body: '' });
  return { kernel: made, grid: [1, 1, 1], parameters: {}, tensors: [...reads, ...writes] };
}

/** Tensors of a plan, and three that outlive it, of which two are one buffer. */
function tensors(sizes: readonly number[]): GraphTensor[] {
  const [one, two] = [{}, {}] as GPUBuffer[];
  return [
    ...sizes.map((size, i) => ({ name: `transient ${i}`, shape: [size] })),
    new DeviceTensor('first', [1], one),
    new DeviceTensor('second', [1], two),
    new DeviceTensor('second by another name', [1], two),
  ];
}

/** What each dispatch found in what it touched, as a text that tells all that led to it. */
function run(nodes: readonly GraphNode[]): Map<string, string> {
  const values = new Map<unknown, string>();
  const key = (tensor: GraphTensor) => (tensor instanceof DeviceTensor ? tensor.buffer : tensor);
  const found = new Map<string, string>();
  for (const { kernel, tensors } of nodes) {
    const seen = tensors.map((tensor) => values.get(key(tensor)) ?? '');
    const text = `${kernel.name}(${seen.map((value) => digest(value)).join()})`;
    found.set(kernel.name, text);
    tensors.forEach((tensor, i) => {
      if (kernel.bindings[i].access === 'read_write') values.set(key(tensor), `${text} ${i}`);
    });
  }
  return found;
}

function digest(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) % 1_000_003;
  return sum;
}

test('dispatches that touch the same tensors keep their order, whatever is moved', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 });
  const touched = fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 });
  const dispatches = fc.array(fc.tuple(touched, fc.nat(4)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, dispatches, (sizes, dispatches) => {
      const all = tensors(sizes);
      const nodes = dispatches.map(([places, reads], i) =>
        node(
          `n${i}`,
          places.slice(0, reads).map((place) => all[place]),
          places.slice(reads).map((place) => all[place]),
        ),
      );
      const moved = hoist(nodes, new Set());
      assert.deepEqual(new Set(moved), new Set(nodes));
      assert.deepEqual(
        run(moved),
        new Map([...run(moved).keys()].map((name) => [name, run(nodes).get(name)])),
      );
    }),
  );
});

test('gradients are added to their totals as soon as they are there, and their memory is used again', () => {
  const [totals, activations, gradients] = ['total', 'activation', 'gradient'].map((name) =>
    Array.from({ length: 10 }, (_, i) =>
      name === 'total'
        ? new DeviceTensor(`${name} ${i}`, [100], {} as GPUBuffer)
        : { name: `${name} ${i}`, shape: [100] },
    ),
  );
  const nodes = [
    ...activations.map((activation, i) =>
      node(`forward ${i}`, i > 0 ? [activations[i - 1]] : [], [activation]),
    ),
    ...gradients.map((gradient, i) =>
      node(`backward ${i}`, [activations[9 - i], ...gradients.slice(Math.max(0, i - 1), i)], [gradient]),
    ),
    ...gradients.map((gradient, i) => node(`add ${i}`, [gradient], [totals[i]])),
  ];
  const buffers = (some: readonly GraphNode[]) => layOut(some).sizes.length;
  const moved = hoist(nodes, new Set());
  assert.deepEqual(
    moved.slice(10, 16).map(({ kernel }) => kernel.name),
    ['backward 0', 'backward 1', 'add 0', 'backward 2', 'add 1', 'backward 3'],
  );
  // Behind the forward pass: a buffer for every gradient, or one for each that is still to be added.
  assert.ok(buffers(nodes.slice(10)) >= 10);
  assert.ok(buffers(moved.slice(10)) <= 4);
});

test('what frees less than it takes stays, and so does what is the last to read a value that is kept', () => {
  const [small, large, other] = [10, 20, 30].map((size) => ({ name: `${size}`, shape: [size] }));
  const makes = [node('small', [], [small]), node('other', [], [other])];
  const total = new DeviceTensor('total', [10], {} as GPUBuffer);
  const names = (nodes: readonly GraphNode[]) => nodes.map(({ kernel }) => kernel.name);
  const grows = [...makes, node('grows', [small], [large])];
  assert.deepEqual(names(hoist(grows, new Set())), ['small', 'other', 'grows']);
  const adds = [...makes, node('adds', [small], [total])];
  assert.deepEqual(names(hoist(adds, new Set())), ['small', 'adds', 'other']);
  assert.deepEqual(names(hoist(adds, new Set([small]))), ['small', 'other', 'adds']);
});
