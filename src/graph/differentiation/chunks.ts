import type { Gpu } from '../device/gpu.ts';
import { elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { TransientTensor } from '../plan/node.ts';
import { sumRows } from './formula.ts';

/** A part of long sums, of which there are `chunks` one behind the other. */
export interface Chunks {
  readonly chunks: number;
  /** Terms of each, but for the last. */
  readonly depth: number;
}

/**
 * Records sums of `depth` terms, one for each element of `result`: where these are too few to keep the device busy, or the
 * terms too many for one loop of it, cut into chunks that are added up afterwards.
 * @param record records the sums of all chunks into `[chunks, elements of the result]`
 */
export function sumInChunks(
  graph: Graph,
  result: TransientTensor,
  depth: number,
  record: (into: TransientTensor, chunks: Chunks) => void,
): void {
  const size = elements(result);
  const chunks = Math.max(chunksOf(size, depth), Math.ceil(depth / longestChunk(graph.gpu)));
  const into = chunks === 1 ? result : graph.tensor(`${result.name} in chunks`, [chunks, size]);
  record(into, { chunks, depth: Math.ceil(depth / chunks) });
  if (chunks > 1) sumRows(graph, into, result);
}

/** Into how many parts a sum of `depth` terms is cut, when only `size` elements are computed. */
function chunksOf(size: number, depth: number): number {
  const wanted = Math.ceil(BUSY / size);
  return Math.max(1, Math.min(wanted, Math.ceil(depth / SHORTEST_CHUNK)));
}

/** Terms that loops of the device sum to the last; each is a round, with few beside them, see `requireRounds`. */
function longestChunk({ features }: Gpu): number {
  return features.longLoops ? Number.POSITIVE_INFINITY : 1 << 15;
}

/** Elements that keep a device busy: more of them need no chunks. */
const BUSY = 1 << 15;
const SHORTEST_CHUNK = 256;
