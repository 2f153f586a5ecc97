import assert from 'node:assert/strict';
import type { Gpu } from '../../src/graph/device/gpu.ts';
import { DeviceTensor, Scope } from '../../src/graph/device/scope.ts';
import { copy } from '../../src/graph/operations/operations.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { type GraphTensor, isDeviceTensor } from '../../src/graph/plan/node.ts';

/** Builds a graph, runs it once and reads the named tensors back with what lies behind them: 32-bit words, see `asFloats`. */
export async function compute<Name extends string>(
  gpu: Gpu,
  build: (graph: Graph, scope: Scope) => Record<Name, GraphTensor>,
): Promise<Record<Name, Uint32Array>> {
  using scope = new Scope(gpu);
  const graph = new Graph(gpu, 'test');
  const outputs = Object.entries<GraphTensor>(build(graph, scope)).map(
    ([name, tensor]) => [name, kept(graph, scope, tensor)] as const,
  );
  using plan = await graph.plan();
  plan.run();
  const words: [string, Uint32Array][] = [];
  for (const [name, tensor] of outputs) words.push([name, new Uint32Array(await gpu.read(tensor.buffer))]);
  return Object.fromEntries(words) as Record<Name, Uint32Array>;
}

export function asFloats(words: Uint32Array): Float32Array {
  return new Float32Array(words.buffer, words.byteOffset, words.length);
}

/** A tensor that outlives the plan, with the value of one that may not. */
export function kept(graph: Graph, scope: Scope, tensor: GraphTensor): DeviceTensor {
  if (isDeviceTensor(tensor)) return tensor;
  const duplicate = scope.tensor(`${tensor.name}, kept`, tensor.shape);
  copy(graph, tensor, duplicate);
  return duplicate;
}

/** Elements behind a sink's own. */
const GUARD = 16;
export const POISON = Math.fround(-3e38);

/** A tensor to write into, full of a value that no result has, with more of it behind the end. */
export function sink(scope: Scope, shape: readonly number[]): DeviceTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const guarded = scope.upload('sink', [count + GUARD], new Float32Array(count + GUARD).fill(POISON));
  return new DeviceTensor('sink', shape, guarded.buffer);
}

/** What was written into a sink: all of it, and nothing behind its end. */
export function drained(words: Uint32Array, count: number): Float32Array {
  const values = asFloats(words);
  assert.ok(
    values.subarray(count).every((value) => value === POISON),
    'written past the end',
  );
  const result = values.subarray(0, count);
  assert.ok(!result.includes(POISON), `left out element ${result.indexOf(POISON)}`);
  return result;
}
