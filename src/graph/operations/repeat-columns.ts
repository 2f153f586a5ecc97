import { repeatColumnsGrid, repeatColumnsKernel } from '../../wgsl/training/repeat-columns.ts';
import { elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';

/** Every column of `x [M, N]` so many times over, `[M, N · times]`: what positions of a sentence share. */
export function repeatColumns(graph: Graph, x: GraphTensor, times: number): GraphTensor {
  const y = graph.tensor(`${x.name} repeated`, [x.shape[0], x.shape[1] * times]);
  const count = elements(y);
  graph.dispatch(repeatColumnsKernel(), repeatColumnsGrid(count), { count, times }, { x, y });
  return y;
}
