import { beamStepGrid, beamStepKernel, continuations, FINISHED_WORDS, NEVER } from '../../wgsl/beam-step.ts';
import { greedyRanks, greedyStepGrid, greedyStepKernel } from '../../wgsl/greedy-step.ts';
import { parentIn } from '../../wgsl/lineage.ts';
import { chunkRows, rankRows } from '../../wgsl/rank-columns.ts';
import { Control, controlWords } from '../../wgsl/search-control.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { rankLanes } from '../tuning/variants.ts';

export { Control, controlWords, FINISHED_WORDS, NEVER, parentIn };

/** What every search keeps on the device. */
export interface SearchTensors {
  /** `[controlWords]`: steps done, whether all is decided, the length limit: see `Control`. */
  readonly control: DeviceTensor;
  /** `[positions, hypotheses]` */
  readonly tokens: DeviceTensor;
}

/** What greedy decoding keeps. */
export interface GreedyTensors extends SearchTensors {
  /** `[sentences]` */
  readonly logProbabilities: DeviceTensor;
  /** `[sentences]` whether each has ended. */
  readonly ended: DeviceTensor;
}

/** Chooses the likeliest token of every sentence. @param logits `[V, columns]` */
export function greedyStep(
  graph: Graph,
  sentences: number,
  endOfSentence: number,
  logits: GraphTensor,
  { control, tokens, logProbabilities, ended }: GreedyTensors,
): void {
  const [rows, columns] = logits.shape;
  const variant = { ...rankLanes(graph.gpu.deviceClass, 1), chunkRows: chunkRows(rows) };
  graph.dispatch(
    greedyStepKernel(variant),
    greedyStepGrid(sentences),
    { sentences, rows, columns, end_of_sentence: endOfSentence },
    {
      logits,
      ranks: graph.tensor('ranks', [rankRows(greedyRanks(variant)), columns]),
      control,
      log_probabilities: logProbabilities,
      tokens,
      ended,
    },
  );
}

/** What beam search keeps. */
export interface BeamTensors extends SearchTensors {
  /** `[hypotheses]` log-probabilities. */
  readonly alive: DeviceTensor;
  /** `[hypotheses, 4]`, see `FINISHED_WORDS`. */
  readonly finished: DeviceTensor;
  /** `[positions, hypotheses]` */
  readonly lineage: DeviceTensor;
  /** Length penalties: of the longest hypothesis allowed, then of each step. */
  readonly penalties: DeviceTensor;
}

/** How a beam search goes. */
export interface BeamShape {
  readonly sentences: number;
  readonly beam: number;
  readonly stopEarly: boolean;
  readonly endOfSentence: number;
}

/** Extends all hypotheses by a token and lets the best live on. @param logits `[V, columns]` */
export function beamStep(graph: Graph, shape: BeamShape, logits: GraphTensor, tensors: BeamTensors): void {
  const { sentences, beam, stopEarly, endOfSentence } = shape;
  const [rows, columns] = logits.shape;
  const variant = { beam, stopEarly, ...rankLanes(graph.gpu.deviceClass, beam), chunkRows: chunkRows(rows) };
  graph.dispatch(
    beamStepKernel(variant),
    beamStepGrid(sentences),
    { sentences, rows, columns, end_of_sentence: endOfSentence },
    { logits, ranks: graph.tensor('ranks', [rankRows({ k: continuations(beam) }), columns]), ...tensors },
  );
}
