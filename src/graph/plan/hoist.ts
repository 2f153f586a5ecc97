import { elements } from '../device/scope.ts';
import { type GraphNode, type GraphTensor, isDeviceTensor, type TransientTensor } from './node.ts';

/**
 * Moves dispatches forward that free at least the memory they take, each right behind the last one that touches what it does, so
 * that what they are the last to read need not wait for them: sums of gradients, and what adds gradients to their totals.
 * Dispatches of which one writes what the other touches keep their order, so every value stays as it is.
 */
export function hoist(nodes: readonly GraphNode[], kept: ReadonlySet<TransientTensor>): readonly GraphNode[] {
  const lastReads = findLastReads(nodes);
  // Behind which dispatch the last one stands that touched a tensor, and that wrote it.
  const touched = new Map<unknown, number>();
  const written = new Map<unknown, number>();
  let tail = -1;
  const behind = nodes.map((node, index) => {
    let freed = 0;
    let taken = 0;
    let place = -1;
    for (const { tensor, isWritten } of accesses(node)) {
      const key = identity(tensor);
      const waits = isWritten || !isDeviceTensor(tensor) ? touched : written;
      place = Math.max(place, waits.get(key) ?? -1);
      if (isDeviceTensor(tensor)) continue;
      if (isWritten) taken += elements(tensor);
      else if (lastReads.get(tensor) === index && !kept.has(tensor)) freed += elements(tensor);
    }
    if (freed === 0 || freed < taken || place === tail) place = index;
    tail = Math.max(tail, place);
    for (const { tensor, isWritten } of accesses(node)) {
      const key = identity(tensor);
      touched.set(key, Math.max(place, touched.get(key) ?? -1));
      if (isWritten) written.set(key, place);
    }
    return place;
  });
  return nodes
    .map((node, index) => ({ node, index }))
    .sort((a, b) => behind[a.index] - behind[b.index] || a.index - b.index)
    .map(({ node }) => node);
}

/** By tensor, the last dispatch that reads it. */
function findLastReads(nodes: readonly GraphNode[]): Map<GraphTensor, number> {
  const last = new Map<GraphTensor, number>();
  nodes.forEach((node, index) => {
    for (const { tensor } of accesses(node)) last.set(tensor, index);
  });
  return last;
}

function accesses({ kernel, tensors }: GraphNode): { tensor: GraphTensor; isWritten: boolean }[] {
  return tensors.map((tensor, position) => {
    return { tensor, isWritten: kernel.bindings[position]?.access === 'read_write' };
  });
}

/** Tensors that outlive a plan may be several names of one buffer. */
function identity(tensor: GraphTensor): unknown {
  return isDeviceTensor(tensor) ? tensor.buffer : tensor;
}
