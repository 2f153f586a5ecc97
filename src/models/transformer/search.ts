import { DisposedError } from '../../base/errors.ts';
import {
  copyTensor,
  type DeviceTensor,
  elements,
  inScope,
  readFloats,
  readWords,
  Scope,
  write,
} from '../../graph/device/scope.ts';
import {
  beamStep,
  Control,
  controlWords,
  FINISHED_WORDS,
  greedyStep,
  NEVER,
} from '../../graph/operations/search-operations.ts';
import { selectGroups } from '../../graph/operations/select-groups.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { columnAlignment } from '../../graph/tuning/variants.ts';
import { EOS } from './config.ts';
import { addDecoderStep } from './decoder.ts';
import {
  type BeamRecord,
  cutAtEnd,
  type Hypothesis,
  leadingHypotheses,
  traceHypotheses,
} from './hypotheses.ts';
import type { LoadedModel } from './loaded-model.ts';
import { lengthPenalty, makePositions, type Positions, penaltyTable, perPosition } from './positions.ts';

/** What decides which plans a search needs. */
export interface SearchShape {
  readonly sentences: number;
  /** Columns of a source sentence. */
  readonly stride: number;
  /** Hypotheses a sentence; 1 decodes greedily. */
  readonly beam: number;
  /** Whether a sentence is over once its best finished hypothesis cannot be beaten. */
  readonly stopEarly: boolean;
}

/** How far a search goes, and what for. */
export interface SearchInput {
  /** Most tokens to produce, at least 1. */
  readonly limit: number;
  /** Exponent of the length penalty. */
  readonly alpha: number;
  /** Whether only the best hypothesis of a sentence is wanted; takes `stopEarly` and beams. */
  readonly bestOnly: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** Told which hypotheses are ahead, by the place of their sentence; decided sentences may be left out. */
export type ProgressListener = (leading: ReadonlyMap<number, Hypothesis>) => void;

/** What every step of a search reads of the sources; to be written before the search runs. */
export interface SourceMemory {
  /** Per decoder layer `[2H, sentences · stride]`. */
  readonly keyValues: readonly DeviceTensor[];
  /** `[1, sentences · stride]` */
  readonly keyBias: DeviceTensor;
  /** Word 0: source positions that count. */
  readonly extent: DeviceTensor;
}

/** Positions that a search starts with room for; the room doubles when it is used up. */
const FIRST_CAPACITY = 64;
/** Steps are submitted together, up to so many, as long as they take about so long. */
const MAX_STEPS_AT_ONCE = 16;
const SUBMISSION_MS = 25;
/** A step is hardly faster with fewer columns than these. */
const FEWEST_COLUMNS = 8;

/** Sentences of the search that takes over from one for so many, if any does. */
export function halfOf({ sentences, beam }: Pick<SearchShape, 'sentences' | 'beam'>): number | undefined {
  const half = Math.ceil(sentences / 2);
  return half < sentences && half * beam >= FEWEST_COLUMNS ? half : undefined;
}

/**
 * Searches for batches of one shape, with everything that lives on the device between steps: caches, beams, what has been
 * chosen. The host sends a handful of steps at a time and reads a few words back to learn what is decided.
 *
 * Once half of the sentences are decided and only the best hypotheses are wanted, a search of half the size goes on with the
 * others. That changes nothing in what they become: no step computes anything of a sentence from another.
 */
export class Search implements Disposable {
  readonly shape: SearchShape;
  readonly memory: SourceMemory;
  readonly #model: LoadedModel;
  readonly #scope: Scope;
  readonly #control: DeviceTensor;
  /** `[hypotheses]` log-probabilities: of the alive in beam search, of the sentences in greedy decoding. */
  readonly #alive: DeviceTensor;
  /** Beam search: the finished hypotheses. Greedy: word per sentence, whether it has ended. */
  readonly #finished: DeviceTensor;
  #stepPlan: Plan | undefined;
  #positions: Positions | undefined;
  #half: Search | undefined;
  #isDisposed = false;

  constructor(model: LoadedModel, shape: SearchShape) {
    this.shape = shape;
    this.#model = model;
    const { sentences, stride, beam } = shape;
    const { hidden } = model.config;
    const tensors = inScope(model.gpu, (scope) => ({
      scope,
      memory: {
        keyValues: model.weights.decoder.map((_, layer) =>
          scope.tensor(`layer ${layer} source keys and values`, [2 * hidden, sentences * stride]),
        ),
        keyBias: scope.tensor('source key bias', [1, sentences * stride]),
        extent: scope.tensor('source extent', [1]),
      },
      control: scope.tensor('search control', [controlWords(sentences)]),
      alive: scope.tensor('log-probabilities', [sentences * beam]),
      finished: scope.tensor('finished', [sentences * beam, FINISHED_WORDS]),
    }));
    this.#scope = tensors.scope;
    this.memory = tensors.memory;
    this.#control = tensors.control;
    this.#alive = tensors.alive;
    this.#finished = tensors.finished;
  }

  /** The hypotheses of each sentence, best first. */
  run(input: SearchInput): Promise<Hypothesis[][]> {
    this.#begin(input);
    return this.#continue(0, input);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#half?.dispose();
    this.#stepPlan?.dispose();
    this.#positions?.scope.dispose();
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #begin(input: SearchInput): void {
    const { gpu } = this.#model;
    const { sentences, beam } = this.shape;
    const control = new Uint32Array(controlWords(sentences));
    control[Control.limit] = input.limit;
    write(gpu, this.#control, control);
    // All hypotheses of a sentence begin alike: only the first may be continued.
    const alive = new Float32Array(sentences * beam).map((_, slot) => (slot % beam === 0 ? 0 : NEVER));
    write(gpu, this.#alive, alive);
    write(gpu, this.#finished, beam === 1 ? new Uint32Array(sentences) : nothingFinished(sentences * beam));
    if (this.#positions) this.#writePenalties(this.#positions, input);
  }

  /** @param done steps that were done before */
  async #continue(done: number, input: SearchInput): Promise<Hypothesis[][]> {
    const { gpu } = this.#model;
    let stepsAtOnce = 1;
    for (;;) {
      const count = Math.min(stepsAtOnce, input.limit - done);
      const plan = await this.#planWithRoom(done + count, input);
      input.signal?.throwIfAborted();
      const started = performance.now();
      plan.run(count);
      const control = await readWords(gpu, this.#control, controlWords(this.shape.sentences));
      done = control[Control.step];
      if (control[Control.done] !== 0) return this.#result(done);
      input.onProgress?.(new Map((await this.#leading(done, input)).entries()));
      const others = input.bestOnly ? this.#othersThan(control.subarray(Control.words)) : undefined;
      if (others !== undefined) return this.#continueWith(others, done, input);
      const took = performance.now() - started;
      if (took < SUBMISSION_MS) stepsAtOnce = Math.min(2 * stepsAtOnce, MAX_STEPS_AT_ONCE);
      else if (took > 2 * SUBMISSION_MS) stepsAtOnce = Math.max(1, stepsAtOnce >> 1);
    }
  }

  /**
   * Half of the sentences, all that are undecided among them, if those are not more and a search for half is faster; decided
   * ones make up the number, so that later batches need the same plans.
   */
  #othersThan(decided: Uint32Array): number[] | undefined {
    const half = halfOf(this.shape);
    if (half === undefined) return undefined;
    const byNeed = [...decided.keys()].sort((a, b) => decided[a] - decided[b]);
    return decided[byNeed[half]] === 0 ? undefined : byNeed.slice(0, half).sort((a, b) => a - b);
  }

  async #continueWith(
    sentences: readonly number[],
    done: number,
    input: SearchInput,
  ): Promise<Hypothesis[][]> {
    const result = await this.#result(done);
    this.#assertOwner();
    this.#half ??= new Search(this.#model, { ...this.shape, sentences: sentences.length });
    await this.#half.#takeOver(this, sentences, done, input);
    const { onProgress } = input;
    const found = await this.#half.#continue(done, {
      ...input,
      onProgress: onProgress && ((leading) => onProgress(renumbered(leading, sentences))),
    });
    for (const [i, sentence] of sentences.entries()) result[sentence] = found[i];
    return result;
  }

  /** Goes on with some of the sentences from where a search for all of them is. */
  async #takeOver(
    whole: Search,
    sentences: readonly number[],
    done: number,
    input: SearchInput,
  ): Promise<void> {
    const { gpu } = this.#model;
    const { beam, stride } = this.shape;
    if (this.#positions) this.#writePenalties(this.#positions, input);
    await this.#planWithRoom(Math.min(whole.#positions!.capacity - 1, input.limit), input);
    copyTensor(gpu, whole.#control, this.#control);
    copyTensor(gpu, whole.memory.extent, this.memory.extent);
    using scope = new Scope(gpu);
    const chosen = scope.upload('chosen sentences', [sentences.length], Uint32Array.from(sentences));
    const graph = new Graph(gpu, 'search for fewer sentences');
    const select = (rows: number, size: number, from: DeviceTensor, to: DeviceTensor) =>
      selectGroups(graph, { rows, groups: whole.shape.sentences, size }, chosen, from, to);
    for (const [layer, from] of whole.memory.keyValues.entries())
      select(from.shape[0], stride, from, this.memory.keyValues[layer]);
    select(1, stride, whole.memory.keyBias, this.memory.keyBias);
    select(1, beam, whole.#alive, this.#alive);
    select(1, beam * FINISHED_WORDS, whole.#finished, this.#finished);
    const into = perPosition(this.#positions!);
    for (const [i, from] of perPosition(whole.#positions!).entries()) {
      select(done, elements(from) / (from.shape[0] * whole.shape.sentences), from, into[i]);
    }
    using plan = await graph.plan();
    plan.run();
  }

  /** The plan of a step, with room for `steps` positions and one more: a step after the last still writes its cache. */
  async #planWithRoom(steps: number, input: SearchInput): Promise<Plan> {
    const room = this.#positions?.capacity ?? 0;
    if (this.#stepPlan && room > steps) return this.#stepPlan;
    this.#stepPlan?.dispose();
    this.#stepPlan = undefined;
    const { config, weights } = this.#model;
    const shape = {
      hypotheses: this.shape.sentences * this.shape.beam,
      layers: weights.decoder.length,
      heads: config.heads,
      headSize: config.hidden / config.heads,
    };
    if (this.#positions === undefined || room <= steps) {
      const capacity = Math.min(Math.max(2 * room, FIRST_CAPACITY, steps + 1), input.limit + 1);
      this.#positions = makePositions(this.#model.gpu, shape, capacity, this.#positions);
      this.#writePenalties(this.#positions, input);
    }
    const plan = await this.#buildStepPlan(this.#positions);
    if (this.#isDisposed) plan.dispose();
    this.#assertOwner();
    this.#stepPlan = plan;
    return plan;
  }

  /** What is made after an interruption must have somebody to dispose it. */
  #assertOwner(): void {
    if (this.#isDisposed) throw new DisposedError('The model was disposed while it searched.');
  }

  #writePenalties({ penalties, capacity }: Positions, { limit, alpha }: SearchInput): void {
    write(this.#model.gpu, penalties, penaltyTable(capacity, limit, alpha));
  }

  #buildStepPlan(positions: Positions): Promise<Plan> {
    const { gpu, config, weights } = this.#model;
    const { sentences, beam, stride } = this.shape;
    const { tokens, lineage, caches, capacity } = positions;
    const { keyValues, keyBias, extent } = this.memory;
    const alignment = columnAlignment(sentences * beam);
    const graph = new Graph(gpu, 'decoding step');
    const logits = addDecoderStep(graph, config, weights, {
      sentences,
      beam,
      columns: Math.ceil((sentences * beam) / alignment) * alignment,
      tokens,
      control: this.#control,
      timing: this.#model.timing(capacity + 1),
      caches: caches.map(({ key, value }) => ({
        control: this.#control,
        lineage: beam === 1 ? undefined : lineage,
        keyCache: key,
        valueCache: value,
      })),
      memory: keyValues.map((keyValue) => ({ keyValue, keyBias, extent, stride })),
    });
    this.#addChoice(graph, logits, positions);
    return graph.plan();
  }

  #addChoice(graph: Graph, logits: GraphTensor, { tokens, lineage, penalties }: Positions): void {
    const { sentences, beam, stopEarly } = this.shape;
    const search = { control: this.#control, tokens };
    if (beam === 1) {
      const kept = { ...search, logProbabilities: this.#alive, ended: this.#finished };
      greedyStep(graph, sentences, EOS, logits, kept);
    } else {
      const kept = { ...search, alive: this.#alive, finished: this.#finished, lineage, penalties };
      beamStep(graph, { sentences, beam, stopEarly, endOfSentence: EOS }, logits, kept);
    }
  }

  #result(steps: number): Promise<Hypothesis[][]> {
    return this.shape.beam === 1 ? this.#greedyResult(steps) : this.#beamResult(steps);
  }

  async #leading(steps: number, { alpha }: SearchInput): Promise<Hypothesis[]> {
    if (this.shape.beam === 1) return (await this.#greedyResult(steps)).map(([only]) => only);
    return leadingHypotheses(await this.#readBeams(steps), lengthPenalty(steps, alpha));
  }

  async #greedyResult(steps: number): Promise<Hypothesis[][]> {
    const { gpu } = this.#model;
    const { sentences } = this.shape;
    const tokens = await readWords(gpu, this.#positions!.tokens, steps * sentences);
    const scores = await readFloats(gpu, this.#alive, sentences);
    return Array.from({ length: sentences }, (_, sentence) => {
      const ids = Array.from({ length: steps }, (_, step) => tokens[step * sentences + sentence]);
      return [cutAtEnd(ids, scores[sentence])];
    });
  }

  async #beamResult(steps: number): Promise<Hypothesis[][]> {
    return traceHypotheses(await this.#readBeams(steps));
  }

  async #readBeams(steps: number): Promise<BeamRecord> {
    const { gpu } = this.#model;
    const { sentences, beam } = this.shape;
    const slots = sentences * beam;
    const { tokens, lineage } = this.#positions!;
    return {
      sentences,
      beam,
      steps,
      tokens: await readWords(gpu, tokens, steps * slots),
      lineage: await readWords(gpu, lineage, steps * slots),
      alive: await readFloats(gpu, this.#alive, slots),
      finished: await readWords(gpu, this.#finished, slots * FINISHED_WORDS),
    };
  }
}

/** By the places of the sentences in another list. */
function renumbered<T>(values: ReadonlyMap<number, T>, places: readonly number[]): Map<number, T> {
  return new Map([...values].map(([index, value]) => [places[index], value]));
}

/** Finished lists before anything has ended: every place holds a score that whatever ends first beats. */
function nothingFinished(slots: number): Uint32Array {
  const words = new Uint32Array(slots * FINISHED_WORDS);
  const never = new Uint32Array(Float32Array.of(NEVER).buffer)[0];
  for (let slot = 0; slot < slots; slot++) words[slot * FINISHED_WORDS] = never;
  return words;
}
