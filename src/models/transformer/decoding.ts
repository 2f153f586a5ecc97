import { Graph } from '../../graph/graph.ts';
import type { GraphTensor } from '../../graph/node.ts';
import type { Plan } from '../../graph/plan.ts';
import { type DeviceTensor, inScope, readFloats, readWords, type Scope, write } from '../../graph/scope.ts';
import { beamStep, Control, FINISHED_WORDS, greedyStep, NEVER } from '../../graph/search-operations.ts';
import { columnAlignment } from '../../graph/variants.ts';
import { EOS } from './config.ts';
import { addDecoderStep } from './decoder.ts';
import { addEncoder, addMemory, allocateSource, type EncoderTensors, writeSource } from './encoder.ts';
import { cutAtEnd, type Hypothesis, traceHypotheses } from './hypotheses.ts';
import type { LoadedModel } from './loaded-model.ts';
import { makePositions, type Positions, penaltyTable } from './positions.ts';

/** What decides which plans a decoding needs. */
export interface DecodingShape {
  readonly sentences: number;
  /** Columns of a source sentence. */
  readonly stride: number;
  /** Hypotheses a sentence; 1 decodes greedily. */
  readonly beam: number;
  /** Whether a sentence is over once its best finished hypothesis cannot be beaten. */
  readonly stopEarly: boolean;
}

/** One batch to decode. */
export interface DecodingInput {
  readonly ids: readonly (readonly number[])[];
  /** Padded length of the batch: source positions that count. */
  readonly extent: number;
  /** Most tokens to produce, at least 1. */
  readonly limit: number;
  /** Exponent of the length penalty. */
  readonly alpha: number;
  readonly signal?: AbortSignal | undefined;
}

/** Positions that a decoding starts with room for; the room doubles when it is used up. */
const FIRST_CAPACITY = 64;
/** Steps are submitted together, up to so many, as long as they take about so long. */
const MAX_STEPS_AT_ONCE = 16;
const SUBMISSION_MS = 25;

/**
 * Encoder and decoder of batches of one shape, with everything that lives on the device between steps: caches, beams, what
 * has been chosen. The host sends a handful of steps at a time and reads a few words back to learn whether all is decided.
 */
export class Decoding implements Disposable {
  readonly shape: DecodingShape;
  readonly #model: LoadedModel;
  readonly #scope: Scope;
  readonly #source: EncoderTensors;
  readonly #keyValues: readonly DeviceTensor[];
  readonly #control: DeviceTensor;
  /** `[hypotheses]` log-probabilities: of the alive in beam search, of the sentences in greedy decoding. */
  readonly #alive: DeviceTensor;
  /** Beam search: the finished hypotheses. Greedy: word per sentence, whether it has ended. */
  readonly #finished: DeviceTensor;
  #encodePlan: Plan | undefined;
  #stepPlan: Plan | undefined;
  #positions: Positions | undefined;

  constructor(model: LoadedModel, shape: DecodingShape) {
    this.shape = shape;
    this.#model = model;
    const { sentences, stride, beam } = shape;
    const { hidden } = model.config;
    const tensors = inScope(model.gpu, (scope) => ({
      scope,
      source: allocateSource(scope, hidden, model.sourceOffsets(stride), sentences, stride),
      keyValues: model.weights.decoder.map((_, layer) =>
        scope.tensor(`layer ${layer} source keys and values`, [2 * hidden, sentences * stride]),
      ),
      control: scope.tensor('decoding control', [Control.words]),
      alive: scope.tensor('log-probabilities', [sentences * beam]),
      finished: scope.tensor('finished', [sentences * beam, FINISHED_WORDS]),
    }));
    this.#scope = tensors.scope;
    this.#source = tensors.source;
    this.#keyValues = tensors.keyValues;
    this.#control = tensors.control;
    this.#alive = tensors.alive;
    this.#finished = tensors.finished;
  }

  /** Decodes a batch; the hypotheses of each sentence, best first. */
  async run(input: DecodingInput): Promise<Hypothesis[][]> {
    await this.#begin(input);
    let done = 0;
    let stepsAtOnce = 1;
    for (;;) {
      input.signal?.throwIfAborted();
      const count = Math.min(stepsAtOnce, input.limit - done);
      const plan = await this.#planWithRoom(done + count, input);
      const started = performance.now();
      plan.run(count);
      const control = await readWords(this.#model.gpu, this.#control, Control.words);
      done = control[Control.step];
      if (control[Control.done] !== 0) break;
      const took = performance.now() - started;
      if (took < SUBMISSION_MS) stepsAtOnce = Math.min(2 * stepsAtOnce, MAX_STEPS_AT_ONCE);
      else if (took > 2 * SUBMISSION_MS) stepsAtOnce = Math.max(1, stepsAtOnce >> 1);
    }
    return this.shape.beam === 1 ? this.#greedyResult(done) : this.#beamResult(done);
  }

  dispose(): void {
    this.#encodePlan?.dispose();
    this.#stepPlan?.dispose();
    this.#positions?.scope.dispose();
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Resets the search and encodes the source. */
  async #begin(input: DecodingInput): Promise<void> {
    const { sentences, beam } = this.shape;
    const { gpu } = this.#model;
    writeSource(gpu, this.#source, input.ids, input.extent);
    const control = new Uint32Array(Control.words);
    control[Control.limit] = input.limit;
    write(gpu, this.#control, control);
    // All hypotheses of a sentence begin alike: only the first may be continued.
    const alive = new Float32Array(sentences * beam).map((_, slot) => (slot % beam === 0 ? 0 : NEVER));
    write(gpu, this.#alive, alive);
    write(gpu, this.#finished, beam === 1 ? new Uint32Array(sentences) : nothingFinished(sentences * beam));
    if (this.#positions) this.#writePenalties(this.#positions, input);
    this.#encodePlan ??= await this.#buildEncodePlan();
    this.#encodePlan.run();
  }

  #buildEncodePlan(): Promise<Plan> {
    const { gpu, config, weights } = this.#model;
    const graph = new Graph(gpu, 'encoder');
    addEncoder(graph, config, weights, this.#source);
    addMemory(graph, weights, this.#source, this.#keyValues);
    return graph.plan();
  }

  /** The plan of a step, with room for `steps` positions and one more: a step after the last still writes its cache. */
  async #planWithRoom(steps: number, input: DecodingInput): Promise<Plan> {
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
    this.#stepPlan = await this.#buildStepPlan(this.#positions);
    return this.#stepPlan;
  }

  #writePenalties({ penalties, capacity }: Positions, { limit, alpha }: DecodingInput): void {
    write(this.#model.gpu, penalties, penaltyTable(capacity, limit, alpha));
  }

  #buildStepPlan(positions: Positions): Promise<Plan> {
    const { gpu, config, weights } = this.#model;
    const { sentences, beam, stride } = this.shape;
    const { tokens, ancestry, caches, capacity } = positions;
    const { keyBias, extent } = this.#source;
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
        ancestry: beam === 1 ? undefined : ancestry,
        keyCache: key,
        valueCache: value,
      })),
      memory: this.#keyValues.map((keyValue) => ({ keyValue, keyBias, extent, stride })),
    });
    this.#addChoice(graph, logits, positions);
    return graph.plan();
  }

  #addChoice(graph: Graph, logits: GraphTensor, { tokens, parents, ancestry, penalties }: Positions): void {
    const { sentences, beam, stopEarly } = this.shape;
    const search = { control: this.#control, tokens };
    if (beam === 1) {
      const kept = { ...search, logProbabilities: this.#alive, ended: this.#finished };
      greedyStep(graph, sentences, EOS, logits, kept);
    } else {
      const kept = { ...search, alive: this.#alive, finished: this.#finished, parents, ancestry, penalties };
      beamStep(graph, { sentences, beam, stopEarly, endOfSentence: EOS }, logits, kept);
    }
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
    const { gpu } = this.#model;
    const { sentences, beam } = this.shape;
    const slots = sentences * beam;
    const { tokens, parents } = this.#positions!;
    return traceHypotheses({
      sentences,
      beam,
      steps,
      tokens: await readWords(gpu, tokens, steps * slots),
      parents: await readWords(gpu, parents, steps * slots),
      alive: await readFloats(gpu, this.#alive, slots),
      finished: await readWords(gpu, this.#finished, slots * FINISHED_WORDS),
    });
  }
}

/** Finished lists before anything has ended: every place holds a score that whatever ends first beats. */
function nothingFinished(slots: number): Uint32Array {
  const words = new Uint32Array(slots * FINISHED_WORDS);
  const never = new Uint32Array(Float32Array.of(NEVER).buffer)[0];
  for (let slot = 0; slot < slots; slot++) words[slot * FINISHED_WORDS] = never;
  return words;
}
