import { ancestryGrid, ancestryKernel } from '../../wgsl/ancestry.ts';
import {
  BEAM_STEP_GRID,
  beamStepKernel,
  Control,
  controlWords,
  FINISHED_WORDS,
  NEVER,
} from '../../wgsl/beam-step.ts';
import { GREEDY_STEP_GRID, greedyStepKernel } from '../../wgsl/greedy-step.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { topK } from './operations.ts';

export { Control, controlWords, FINISHED_WORDS, NEVER };

/** Lanes of the kernels that choose tokens, and of the one that follows the beams. */
const LANES = 64;

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
  graph.dispatch(
    greedyStepKernel({ lanes: LANES }),
    GREEDY_STEP_GRID,
    { sentences, columns: logits.shape[1], end_of_sentence: endOfSentence },
    { ...topK(graph, logits, 1), control, log_probabilities: logProbabilities, tokens, ended },
  );
}

/** What beam search keeps. */
export interface BeamTensors extends SearchTensors {
  /** `[hypotheses]` log-probabilities. */
  readonly alive: DeviceTensor;
  /** `[hypotheses, 4]`, see `FINISHED_WORDS`. */
  readonly finished: DeviceTensor;
  /** `[positions, hypotheses]` */
  readonly parents: DeviceTensor;
  /** `[positions, hypotheses]` */
  readonly ancestry: DeviceTensor;
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
  const { control, tokens, alive, finished, parents, ancestry, penalties } = tensors;
  graph.dispatch(
    beamStepKernel({ beam, stopEarly, lanes: LANES }),
    BEAM_STEP_GRID,
    { sentences, columns: logits.shape[1], end_of_sentence: endOfSentence },
    { ...topK(graph, logits, 2 * beam), penalties, control, alive, tokens, parents, finished },
  );
  graph.dispatch(
    ancestryKernel({ beam, lanes: LANES }),
    ancestryGrid(sentences),
    { sentences },
    { control, parents, ancestry },
  );
}
