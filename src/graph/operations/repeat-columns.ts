import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { expand } from './expand.ts';

/** Every column of `x [M, N]` so many times over, `[M, N · times]`: what positions of a sentence share. */
export function repeatColumns(graph: Graph, x: GraphTensor, times: number): GraphTensor {
  const [rows, columns] = x.shape;
  return expand(graph, x, {
    own: [1, rows, columns, 1],
    extents: [1, rows, columns, times],
    shape: [rows, columns * times],
  });
}
