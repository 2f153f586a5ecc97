import { elements, type GraphNode, isDeviceTensor, type TransientTensor } from './node.ts';

/** Where the transient tensors of a plan lie: buffers shared by those whose lives do not overlap. */
export interface Arena {
  /** Bytes of each buffer. */
  readonly sizes: readonly number[];
  /** Which buffer a tensor lies in. */
  readonly placement: ReadonlyMap<TransientTensor, number>;
}

/**
 * Lays transient tensors out by their lifetimes: from the dispatch that first names a tensor to the last. The largest come
 * first, each into the smallest buffer that is free all its life, or into one of its own (Pisarchyk and Lee 2020, "greedy by
 * size"). Buffers are shared rather than parts of one buffer, because WebGPU tracks usage by whole buffers: one dispatch
 * cannot read and write the same.
 */
export function layOut(nodes: readonly GraphNode[]): Arena {
  const buffers: { readonly bytes: number; readonly lives: Lifetime[] }[] = [];
  const placement = new Map<TransientTensor, number>();
  const bySize = [...lifetimes(nodes)].sort(([a], [b]) => elements(b) - elements(a));
  for (const [tensor, life] of bySize) {
    // Buffers come in falling size, so the last one free is the smallest.
    let slot = buffers.findLastIndex(({ lives }) => lives.every((other) => !overlap(life, other)));
    if (slot < 0) slot = buffers.push({ bytes: elements(tensor) * 4, lives: [] }) - 1;
    buffers[slot].lives.push(life);
    placement.set(tensor, slot);
  }
  return { sizes: buffers.map(({ bytes }) => bytes), placement };
}

/** The first and the last dispatch that name a tensor. */
interface Lifetime {
  readonly first: number;
  last: number;
}

function lifetimes(nodes: readonly GraphNode[]): Map<TransientTensor, Lifetime> {
  const lives = new Map<TransientTensor, Lifetime>();
  nodes.forEach(({ tensors }, index) => {
    for (const tensor of tensors) {
      if (isDeviceTensor(tensor)) continue;
      const life = lives.get(tensor);
      if (life) life.last = index;
      else lives.set(tensor, { first: index, last: index });
    }
  });
  return lives;
}

function overlap(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last;
}
