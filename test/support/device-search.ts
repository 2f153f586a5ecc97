import type { Gpu } from '../../src/graph/device/gpu.ts';
import { type DeviceTensor, readFloats, readWords, type Scope, write } from '../../src/graph/device/scope.ts';
import type { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import {
  beamStepGrid,
  beamStepKernel,
  continuations,
  FINISHED_WORDS,
  NEVER,
} from '../../src/wgsl/beam-step.ts';
import { greedyRanks, greedyStepGrid, greedyStepKernel } from '../../src/wgsl/greedy-step.ts';
import { parentIn } from '../../src/wgsl/lineage.ts';
import { chunkRows, type RankVariant, rankRows } from '../../src/wgsl/rank-columns.ts';
import { Control, controlWords } from '../../src/wgsl/search-control.ts';
import { asFloats } from './compute.ts';
import type { BeamSearchOptions, BeamSearchResult, GreedyResult, Ranked } from './decoding-oracles.ts';

const END = 1;

/** What a decoding keeps on the device from step to step, at its beginning. */
interface SearchState {
  readonly control: DeviceTensor;
  readonly tokens: DeviceTensor;
}

/** The lanes of a step. */
export type SearchLanes = Pick<RankVariant, 'abreast' | 'lanes' | 'block'>;

function beginSearch(
  gpu: Gpu,
  scope: Scope,
  limit: number,
  sentences: number,
  hypotheses: number,
): SearchState {
  const words = new Uint32Array(controlWords(sentences));
  words[Control.limit] = limit;
  const control = scope.tensor('control', [controlWords(sentences)]);
  write(gpu, control, words);
  return { control, tokens: scope.tensor('tokens', [limit, hypotheses]) };
}

/** Beam search on the device: its state, the dispatch of a step, and what came of it. */
export function deviceBeamSearch(gpu: Gpu, scope: Scope, options: BeamSearchOptions) {
  const { sentences, beam, limit, penalty, stopEarly } = options;
  const slots = sentences * beam;
  const state = beginSearch(gpu, scope, limit, sentences, slots);
  const lineage = scope.tensor('lineage', [limit, slots]);
  const lengths = [limit, ...Array.from({ length: limit + 1 }, (_, i) => i + 1)];
  const penalties = scope.upload('penalties', [limit + 2], Float32Array.from(lengths, penalty));
  const start = Float32Array.from({ length: slots }, (_, slot) => (slot % beam === 0 ? 0 : NEVER));
  const alive = scope.upload('alive', [slots], start);
  const nothing = Float32Array.from({ length: slots * FINISHED_WORDS }, (_, i) =>
    i % FINISHED_WORDS === 0 ? NEVER : 0,
  );
  const finished = scope.upload('finished', [slots, FINISHED_WORDS], nothing);

  return {
    ...state,
    /** `[limit, sentences · beam]` */
    lineage,
    addStep(graph: Graph, logits: GraphTensor, lanes: SearchLanes): void {
      const [rows, columns] = logits.shape;
      const ranks = graph.tensor('ranks', [rankRows({ k: continuations(beam) }), columns]);
      graph.dispatch(
        beamStepKernel({ beam, stopEarly, ...lanes, chunkRows: chunkRows(rows) }),
        beamStepGrid(sentences),
        { sentences, rows, columns, end_of_sentence: END },
        { logits, ranks, ...state, penalties, alive, lineage, finished },
      );
    },
    async result(): Promise<Omit<BeamSearchResult, 'margin'>> {
      const steps = (await readWords(gpu, state.control))[Control.step];
      const [tokens, from] = [await readWords(gpu, state.tokens), await readWords(gpu, lineage)];
      const scores = await readFloats(gpu, alive);
      const ended = await readWords(gpu, finished);
      /** Tokens up to a step, found backwards from a slot. */
      const path = (sentence: number, slot: number, step: number): number[] => {
        if (step === 0) return [];
        const at = (step - 1) * slots + sentence * beam + slot;
        return [...path(sentence, parentIn(from[at]), step - 1), tokens[at]];
      };
      const places = Array.from({ length: beam }, (_, slot) => slot);
      return {
        steps,
        sentences: Array.from({ length: sentences }, (_, sentence) => ({
          alive: places.map((slot) => ({
            ids: path(sentence, slot, steps),
            score: scores[sentence * beam + slot],
          })),
          finished: places.flatMap((place): Ranked[] => {
            const entry = ended.slice((sentence * beam + place) * FINISHED_WORDS).subarray(0, FINISHED_WORDS);
            const [, stepAndFlag, slot, token] = entry;
            if (stepAndFlag % 2 === 0) return [];
            return [{ ids: [...path(sentence, slot, stepAndFlag >> 1), token], score: asFloats(entry)[0] }];
          }),
        })),
      };
    },
  };
}

/** Greedy decoding on the device: its state, the dispatch of a step, and what came of it. */
export function deviceGreedy(gpu: Gpu, scope: Scope, sentences: number, limit: number) {
  const state = beginSearch(gpu, scope, limit, sentences, sentences);
  const log_probabilities = scope.tensor('log-probabilities', [sentences]);
  const ended = scope.tensor('ended', [sentences]);
  return {
    ...state,
    addStep(graph: Graph, logits: GraphTensor, lanes: number): void {
      const [rows, columns] = logits.shape;
      const variant = { lanes, block: 4, chunkRows: chunkRows(rows) };
      const ranks = graph.tensor('ranks', [rankRows(greedyRanks(variant)), columns]);
      graph.dispatch(
        greedyStepKernel(variant),
        greedyStepGrid(sentences),
        { sentences, rows, columns, end_of_sentence: END },
        { logits, ranks, ...state, log_probabilities, ended },
      );
    },
    async result(): Promise<GreedyResult> {
      const steps = (await readWords(gpu, state.control))[Control.step];
      const tokens = await readWords(gpu, state.tokens);
      const scores = await readFloats(gpu, log_probabilities);
      return {
        steps,
        sentences: Array.from({ length: sentences }, (_, sentence) => ({
          ids: Array.from({ length: steps }, (_, step) => tokens[step * sentences + sentence]),
          score: scores[sentence],
        })),
      };
    },
  };
}
