import { DisposedError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, inScope, readWords, type Scope, write } from '../../graph/device/scope.ts';
import {
  beamStep,
  Control,
  controlWords,
  FINISHED_WORDS,
  greedyStep,
  NEVER,
} from '../../graph/operations/search-operations.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { columnAlignment } from '../../graph/tuning/variants.ts';
import { EOS } from './config.ts';
import { addDecoderStep } from './decoder.ts';
import { Handover, type SearchState } from './handover.ts';
import type { Hypothesis } from './hypotheses.ts';
import type { LoadedModel } from './loaded-model.ts';
import { makePositions, type Positions, penaltyTable } from './positions.ts';
import { hypothesesOf, leadingOf, readRecord, type SearchRecord } from './search-record.ts';
import { makeSourceMemory, type SourceMemory } from './source-memory.ts';

/** What decides which plans a search needs. */
export interface SearchShape {
  readonly sentences: number;
  /** Hypotheses a sentence; 1 decodes greedily. */
  readonly beam: number;
  /** Whether a sentence is over once its best finished hypothesis cannot be beaten. */
  readonly stopEarly: boolean;
}

/** How far a search goes, and what for. */
export interface SearchInput {
  /** Columns of a source sentence in the memory. */
  readonly stride: number;
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

/** Positions that a search starts with room for; the room doubles when it is used up. */
const FIRST_CAPACITY = 64;
/** Steps are submitted together, as long as they take about so long. */
const SUBMISSION_MS = 25;

/**
 * How an adapter is kept busy: with how many steps at most, and with how many such groups while the host waits to hear of an
 * earlier one; and the fewest columns, below which a step is hardly faster. A GPU goes on while the host waits. What it does
 * behind the end of a search is lost, so its groups are shorter. A software adapter has no processor of its own to gain, and
 * steps to lose that take long.
 */
const PACES = {
  hardware: { steps: 8, ahead: 1, fewestColumns: 64 },
  software: { steps: 16, ahead: 0, fewestColumns: 8 },
} as const;

function paceOf({ adapter }: Gpu) {
  return PACES[adapter.software ? 'software' : 'hardware'];
}

/** Sentences of the search that takes over from one for so many, if any does. */
export function halfOf(
  { sentences, beam }: Pick<SearchShape, 'sentences' | 'beam'>,
  gpu: Gpu,
): number | undefined {
  const half = Math.ceil(sentences / 2);
  return half < sentences && half * beam >= paceOf(gpu).fewestColumns ? half : undefined;
}

/** Steps that were submitted together. */
interface Group {
  readonly started: number;
  /** How things stood behind them. */
  readonly news: Promise<News>;
}

interface News {
  /** See `Control`. */
  readonly control: Uint32Array;
  /** Where somebody wants to know how far the search is. */
  readonly record: SearchRecord | undefined;
}

/**
 * Searches for batches of one shape, with everything that lives on the device between steps: caches, beams, what has been
 * chosen. The host sends a handful of steps at a time and reads a few words back to learn what is decided; a GPU has the next
 * ones by then.
 *
 * Once half of the sentences are decided and only the best hypotheses are wanted, a search of half the size goes on with the
 * others. That changes nothing in what they become: no step computes anything of a sentence from another.
 */
export class Search implements Disposable {
  readonly shape: SearchShape;
  readonly #model: LoadedModel;
  readonly #scope: Scope;
  readonly #control: DeviceTensor;
  /** `[hypotheses]` log-probabilities: of the alive in beam search, of the sentences in greedy decoding. */
  readonly #alive: DeviceTensor;
  /** Beam search: the finished hypotheses. Greedy: word per sentence, whether it has ended. */
  readonly #finished: DeviceTensor;
  #memory: SourceMemory | undefined;
  #stepPlan: Plan | undefined;
  #positions: Positions | undefined;
  #half: Search | undefined;
  #handover: Handover | undefined;
  #isDisposed = false;

  constructor(model: LoadedModel, shape: SearchShape) {
    this.shape = shape;
    this.#model = model;
    const { sentences, beam } = shape;
    const tensors = inScope(model.gpu, (scope) => ({
      scope,
      control: scope.tensor('search control', [controlWords(sentences)]),
      alive: scope.tensor('log-probabilities', [sentences * beam]),
      finished: scope.tensor('finished', [sentences * beam, FINISHED_WORDS]),
    }));
    this.#scope = tensors.scope;
    this.#control = tensors.control;
    this.#alive = tensors.alive;
    this.#finished = tensors.finished;
  }

  /** On the device, that of searches for fewer sentences included. */
  get byteLength(): number {
    const parts = [this.#scope, this.#memory?.scope, this.#positions?.scope, this.#half];
    const bytes = parts.reduce((sum, part) => sum + (part?.byteLength ?? 0), 0);
    return bytes + (this.#stepPlan?.arenaBytes ?? 0);
  }

  /**
   * What every step reads of the sources, to be written before the search runs: room for sentences of `stride` columns. It is
   * another one where the former was too small.
   */
  memoryFor(stride: number): SourceMemory {
    this.#assertOwner();
    if (this.#memory === undefined || this.#memory.room < stride) {
      this.#stepPlan?.dispose();
      this.#stepPlan = undefined;
      this.#memory?.scope.dispose();
      this.#memory = undefined;
      const { gpu, config, weights } = this.#model;
      const layers = weights.decoder.length;
      const shape = { sentences: this.shape.sentences, hidden: config.hidden, layers };
      this.#memory = makeSourceMemory(gpu, shape, stride);
    }
    return this.#memory;
  }

  /** The hypotheses of each sentence, best first. */
  run(input: SearchInput): Promise<Hypothesis[][]> {
    this.#begin(input);
    return this.#continue(0, input);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#half?.dispose();
    this.#handover?.[Symbol.dispose]();
    this.#memory?.scope.dispose();
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

  /** @param submitted steps that were submitted before, and may be done */
  async #continue(submitted: number, input: SearchInput): Promise<Hypothesis[][]> {
    const { ahead, steps: mostSteps } = paceOf(this.#model.gpu);
    const underWay: Group[] = [];
    let stepsAtOnce = 1;
    let heard = 0;
    for (;;) {
      while (underWay.length <= ahead && submitted < input.limit) {
        const count = Math.min(stepsAtOnce, input.limit - submitted);
        const plan = await this.#planWithRoom(submitted + count, input);
        input.signal?.throwIfAborted();
        const started = performance.now();
        plan.run(count);
        submitted += count;
        underWay.push({ started, news: this.#news(submitted, input) });
      }
      const { started, news } = underWay.shift()!;
      const { control, record } = await news;
      const done = control[Control.step];
      if (control[Control.done] !== 0) return this.#resultBehind(underWay, submitted, done);
      if (record) input.onProgress?.(new Map(leadingOf(record, done, input.alpha).entries()));
      const goesOn = input.bestOnly && submitted < input.limit;
      const others = goesOn ? this.#othersThan(control.subarray(Control.words)) : undefined;
      if (others !== undefined) return this.#continueWith(others, underWay, { submitted, done }, input);
      // A group begins when it is submitted, or when the one before it ends.
      const now = performance.now();
      const took = now - Math.max(started, heard);
      heard = now;
      if (took < SUBMISSION_MS) stepsAtOnce = Math.min(2 * stepsAtOnce, mostSteps);
      else if (took > 2 * SUBMISSION_MS) stepsAtOnce = Math.max(1, stepsAtOnce >> 1);
    }
  }

  /** Asked for behind the last group, before another follows it. */
  #news(submitted: number, { onProgress }: SearchInput): Promise<News> {
    const words = controlWords(this.shape.sentences);
    const news = Promise.all([
      readWords(this.#model.gpu, this.#control, words),
      onProgress ? this.#readRecord(submitted) : undefined,
    ]).then(([control, record]) => ({ control, record }));
    // Nobody may come to hear of it.
    news.catch(() => {});
    return news;
  }

  #readRecord(rows: number): Promise<SearchRecord> {
    return readRecord(this.#model.gpu, this.#state(), rows);
  }

  /** The hypotheses behind all that was submitted. @param done steps done before the groups that are under way */
  async #resultBehind(underWay: readonly Group[], submitted: number, done: number): Promise<Hypothesis[][]> {
    const [record, ...news] = await Promise.all([
      this.#readRecord(submitted),
      ...underWay.map((group) => group.news),
    ]);
    return hypothesesOf(record, news.at(-1)?.control[Control.step] ?? done);
  }

  /**
   * Half of the sentences, all that are undecided among them, if those are not more and a search for half is faster; decided
   * ones make up the number, so that later batches need the same plans.
   */
  #othersThan(decided: Uint32Array): number[] | undefined {
    const half = halfOf(this.shape, this.#model.gpu);
    if (half === undefined) return undefined;
    const byNeed = [...decided.keys()].sort((a, b) => decided[a] - decided[b]);
    return decided[byNeed[half]] === 0 ? undefined : byNeed.slice(0, half).sort((a, b) => a - b);
  }

  /** Lets a smaller search go on with some sentences; what there is of the others is read while it does. */
  async #continueWith(
    sentences: readonly number[],
    underWay: readonly Group[],
    { submitted, done }: { submitted: number; done: number },
    input: SearchInput,
  ): Promise<Hypothesis[][]> {
    const whole = this.#resultBehind(underWay, submitted, done);
    whole.catch(() => {});
    this.#assertOwner();
    this.#half ??= new Search(this.#model, { ...this.shape, sentences: sentences.length });
    const half = this.#half;
    await this.#handOver(half, sentences, submitted, input);
    const { onProgress } = input;
    const rest = half.#continue(submitted, {
      ...input,
      onProgress: onProgress && ((leading) => onProgress(renumbered(leading, sentences))),
    });
    const [result, found] = await Promise.all([whole, rest]);
    for (const [i, sentence] of sentences.entries()) result[sentence] = found[i];
    return result;
  }

  /** Puts some of the sentences into another search, from where this one is. @param steps that may have been done */
  async #handOver(
    half: Search,
    sentences: readonly number[],
    steps: number,
    input: SearchInput,
  ): Promise<void> {
    if (half.#positions) half.#writePenalties(half.#positions, input);
    half.memoryFor(this.#memory!.room);
    await half.#planWithRoom(Math.min(this.#positions!.capacity - 1, input.limit), input);
    const [from, into] = [this.#state(), half.#state()];
    if (!this.#handover?.joins(from, into)) {
      this.#handover?.[Symbol.dispose]();
      this.#assertOwner();
      this.#handover = new Handover(this.#model.gpu, from, into);
    }
    await this.#handover.run({ sentences, steps, stride: input.stride });
  }

  #state(): SearchState {
    const { sentences, beam } = this.shape;
    const tensors = { control: this.#control, alive: this.#alive, finished: this.#finished };
    return { sentences, beam, ...tensors, memory: this.#memory!, positions: this.#positions! };
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
    const { sentences, beam } = this.shape;
    const { tokens, lineage, caches, capacity } = positions;
    const { keyValues, keyBias, extent } = this.#memory!;
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
      memory: keyValues.map((keyValue) => ({ keyValue, keyBias, extent, stride: 'in extent' })),
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
