import { elements, type GraphNode, isDeviceTensor, type TransientTensor } from './node.ts';

/** Where the transient tensors of a plan lie: buffers shared by those whose lives do not overlap. */
export interface Arena {
  /** Bytes of each buffer. */
  readonly sizes: readonly number[];
  /** Which buffer a tensor lies in. */
  readonly placement: ReadonlyMap<TransientTensor, number>;
}

/**
 * Lays transient tensors out by their lifetimes: from the dispatch that first names a tensor to the last. A tensor takes
 * the free buffer that fits best, or makes the largest free one grow. Buffers are shared rather than parts of one buffer,
 * because WebGPU tracks usage by whole buffers: one dispatch cannot read and write the same.
 */
export function layOut(nodes: readonly GraphNode[]): Arena {
  const lastUse = new Map<TransientTensor, number>();
  nodes.forEach((node, index) => {
    for (const tensor of node.tensors) if (!isDeviceTensor(tensor)) lastUse.set(tensor, index);
  });
  const sizes: number[] = [];
  const free = new Set<number>();
  const placement = new Map<TransientTensor, number>();
  nodes.forEach((node, index) => {
    const transient = new Set(node.tensors.filter((tensor) => !isDeviceTensor(tensor)));
    for (const tensor of transient) {
      if (placement.has(tensor)) continue;
      const bytes = elements(tensor) * 4;
      const slot = bestSlot(free, sizes, bytes) ?? sizes.push(0) - 1;
      free.delete(slot);
      sizes[slot] = Math.max(sizes[slot], bytes);
      placement.set(tensor, slot);
    }
    for (const tensor of transient) {
      if (lastUse.get(tensor) === index) free.add(placement.get(tensor)!);
    }
  });
  return { sizes, placement };
}

/** The smallest free buffer that is large enough, else the largest. */
function bestSlot(free: ReadonlySet<number>, sizes: readonly number[], bytes: number): number | undefined {
  let best: number | undefined;
  for (const slot of free) {
    if (best === undefined) best = slot;
    else {
      const [size, bestSize] = [sizes[slot], sizes[best]];
      const better = bestSize >= bytes ? size >= bytes && size < bestSize : size > bestSize;
      if (better) best = slot;
    }
  }
  return best;
}
