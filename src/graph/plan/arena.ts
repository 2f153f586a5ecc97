import { elements } from '../device/scope.ts';
import { type GraphNode, isDeviceTensor, type TransientTensor } from './node.ts';

/** Where the transient tensors of a plan lie: buffers shared by those whose lives do not overlap. */
export interface Arena {
  /** Bytes of each buffer. */
  readonly sizes: readonly number[];
  /** Which buffer a tensor lies in. */
  readonly placement: ReadonlyMap<TransientTensor, number>;
  /** Tensors whose values are still there when the plan has run. */
  readonly results: ReadonlySet<TransientTensor>;
}

/**
 * Lays transient tensors out by their lifetimes: from the dispatch that first names a tensor to the last, or to the end of the
 * plan where it is kept, or nothing reads what was written into it last: that is a result. The largest come
 * first, each into the smallest buffer that is free all its life, or into one of its own (Pisarchyk and Lee 2020, "greedy by
 * size"). Buffers are shared rather than parts of one buffer, because WebGPU tracks usage by whole buffers: one dispatch
 * cannot read and write the same.
 */
export function layOut(nodes: readonly GraphNode[], kept: ReadonlySet<TransientTensor> = new Set()): Arena {
  const buffers: { readonly bytes: number; readonly lives: Lifetime[] }[] = [];
  const placement = new Map<TransientTensor, number>();
  const lives = lifetimes(nodes, kept);
  const bySize = [...lives].sort(([a], [b]) => elements(b) - elements(a));
  for (const [tensor, life] of bySize) {
    // Buffers come in falling size, so the last one free is the smallest.
    let slot = buffers.findLastIndex(({ lives }) => lives.every((other) => !overlap(life, other)));
    if (slot < 0) slot = buffers.push({ bytes: elements(tensor) * 4, lives: [] }) - 1;
    buffers[slot].lives.push(life);
    placement.set(tensor, slot);
  }
  const results = new Set([...lives.keys()].filter((tensor) => lives.get(tensor)!.last === END));
  return { sizes: buffers.map(({ bytes }) => bytes), placement, results };
}

/** The first and the last dispatch that need a tensor's memory. */
interface Lifetime {
  readonly first: number;
  last: number;
}

/** Later than any dispatch. */
const END = Number.POSITIVE_INFINITY;

function lifetimes(
  nodes: readonly GraphNode[],
  kept: ReadonlySet<TransientTensor>,
): Map<TransientTensor, Lifetime> {
  const lives = new Map<TransientTensor, Lifetime>();
  nodes.forEach(({ kernel, tensors }, index) => {
    tensors.forEach((tensor, position) => {
      if (isDeviceTensor(tensor)) return;
      const isResult = kept.has(tensor) || kernel.bindings[position]?.access === 'read_write';
      const last = isResult ? END : index;
      const life = lives.get(tensor);
      if (life) life.last = last;
      else lives.set(tensor, { first: index, last });
    });
  });
  return lives;
}

function overlap(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last;
}
