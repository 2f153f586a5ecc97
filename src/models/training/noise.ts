import { randomNumbers } from '../../graph/operations/random.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';

/** Random numbers that a layer needs for a step. */
export interface NoiseRequest {
  /** The variable whose weights are drawn, or what else tells the layer apart. */
  readonly site: string;
  /** Standard normal (variational dropout), or uniform in [0, 1) (L0 regularisation). */
  readonly distribution: 'normal' | 'uniform';
  /** How the numbers of a stream fill the shape, see `randomNumbers`. */
  readonly order: 'row-major' | 'column-major';
  /** Of the noise. */
  readonly shape: readonly number[];
}

/**
 * Where the noise of a training graph comes from: called once for each layer that draws, while the graph is
 * recorded.
 */
export type NoiseSource = (request: NoiseRequest) => GraphTensor;

/**
 * Noise from a key: every layer has a stream of its own, and every run of the plan draws what the key says
 * then; see `writeKey`.
 * @param key `[2]`, see `uploadKey`
 */
export function drawnNoise(graph: Graph, key: GraphTensor): NoiseSource {
  let stream = 0;
  return ({ distribution, order, shape }) =>
    randomNumbers(graph, key, shape, { distribution, order, stream: stream++ });
}
