import { DeviceError, UsageError } from '../../base/errors.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { featuresLast, type ShapedFloats } from '../../base/shaped-floats.ts';
import { Turns } from '../../base/turns.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { readFloats, Scope } from '../../graph/device/scope.ts';
import { Graph } from '../../graph/plan/graph.ts';
import { countFormats, type WeightCounts } from '../../graph/weights/weight-counts.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { bucket, groups, longest, padIds } from './batching.ts';
import { PAD, readConfig, type TransformerConfig, type TransformerOptions } from './config.ts';
import { addTeacherForcedDecoder } from './decoder.ts';
import { Decoding } from './decoding.ts';
import { addEncoder, addMemory, allocateSource, type EncoderTensors, writeSource } from './encoder.ts';
import type { Hypothesis } from './hypotheses.ts';
import { LoadedModel } from './loaded-model.ts';
import type { ProgressListener, SearchShape } from './search.ts';
import { loadWeights } from './weights.ts';

/** How to search for translations. */
export interface TranslateOptions {
  /** Hypotheses kept per sentence; 1 decodes greedily. Default 4. */
  readonly beam?: number | undefined;
  /** Exponent of the length penalty. Default 0.6. */
  readonly alpha?: number | undefined;
  /** Most tokens of a translation. */
  readonly maxLength?: number | undefined;
  /** Most tokens beyond the longest source of the batch (EOS counted), where `maxLength` is not given. Default 100. */
  readonly extraLength?: number | undefined;
  /**
   * How many of the beams matter: with 1 (default) a sentence is over once its best cannot be beaten; with more, once no
   * finished one of any sentence can.
   */
  readonly topBeams?: number | undefined;
  /**
   * Whether only the best of each sentence is wanted. Sentences are then left out of the search as they are decided, which
   * saves a quarter of it for batches of 32; the best is the same to the bit, the other `beams` those of some step on the
   * way. Without effect in greedy decoding, and below an alpha of 0, where what is decided may still be beaten. Default false.
   */
  readonly bestOnly?: boolean | undefined;
  /** Stops before the encoder and between steps, not within one; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told now and then, after one step or several, which hypotheses are ahead, by the place of their sentence in the batch;
   * those of sentences that are decided, or not begun, may be left out. They need not be the beginnings of what comes out.
   */
  readonly onProgress?: ProgressListener | undefined;
}

/** The best translation of a sentence. */
export interface Translation {
  /** Ends with EOS if the model ended it; no padding. */
  readonly ids: number[];
  /** See `Hypothesis.score`. */
  readonly score: number;
  /** All hypotheses the search ended with, best first. */
  readonly beams: readonly Hypothesis[];
}

/** A sparse (or dense) Transformer on a device. */
export interface Transformer extends Disposable {
  /** The model as its checkpoint describes it. */
  readonly config: TransformerConfig;
  /** V */
  readonly vocabularySize: number;
  /** How many weights are kept and how they are held. */
  readonly weights: WeightCounts;
  /** Bytes on the device. */
  readonly byteLength: number;
  /**
   * Encoder output `[B, L, H]` (throws as `translate` does), L the longest sentence; positions past a sentence's end hold what padding gives.
   * @param ids per sentence, EOS included, no padding
   */
  encode(ids: readonly (readonly number[])[]): Promise<ShapedFloats>;
  /**
   * Teacher-forced logits `[B, T, V]`: those at position t predict `targets[t]`.
   * @param ids sources and targets per sentence, EOS included, no padding
   */
  logits(ids: readonly (readonly number[])[], targets: readonly (readonly number[])[]): Promise<ShapedFloats>;
  /**
   * Translates a batch. Its longest sentence limits the length of all translations, as in the original. Searches asked for at
   * once wait for each other. A batch of more than 8,192 source columns is worked on in parts, each with its own padding
   * and stop test: only a sentence whose rows are all pruned, and `topBeams` above 1, can tell.
   * @throws {UsageError} for ids outside the vocabulary, an empty batch or sentence, options out of range
   * @throws {AdapterError} where the batch needs a larger buffer than the device has
   * @throws {DeviceError} where the device failed, or the weights overflow float32
   */
  translate(ids: readonly (readonly number[])[], options?: TranslateOptions): Promise<Translation[]>;
  /** Frees what it has on the device. */
  dispose(): void;
}

/**
 * Loads a Transformer of the paper, or a plain Tensor2Tensor one with a shared embedding, onto a device.
 * @throws {DataError} where the checkpoint holds none, or an incomplete one.
 * @throws {UsageError} for options that do not fit it.
 * @throws {AdapterError} where the device is too small for it.
 */
export async function loadTransformer(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: TransformerOptions = {},
): Promise<Transformer> {
  const config = await readConfig(checkpoint, options);
  const scope = new Scope(gpu);
  try {
    const weights = await loadWeights(scope, checkpoint, config, options);
    await gpu.settled();
    return new DeviceTransformer(new LoadedModel(scope, config, weights));
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** What was needed for batches of other sizes is kept as long as it takes no more. */
const DECODING_BYTES = 256 * 2 ** 20;

/** The kernels hold twice the beam in registers. */
export const MAX_BEAM = 32;

class DeviceTransformer implements Transformer {
  readonly #model: LoadedModel;
  /** By the shapes of their searches. */
  readonly #decodings = new RecentlyUsed<string, Decoding>(DECODING_BYTES);
  readonly #searches = new Turns();

  constructor(model: LoadedModel) {
    this.#model = model;
  }

  get config(): TransformerConfig {
    return this.#model.config;
  }

  get vocabularySize(): number {
    return this.#model.vocabulary;
  }

  get byteLength(): number {
    return this.#model.byteLength;
  }

  get weights(): WeightCounts {
    const { embedding, encoder, decoder } = this.#model.weights;
    const matrices = [
      embedding,
      ...[...encoder, ...decoder].flatMap(({ attention, feedForward }) => [
        attention.project,
        attention.output,
        feedForward.expand,
        feedForward.contract,
      ]),
      ...decoder.flatMap(({ crossAttention: { query, keyValue, output } }) => [query, keyValue, output]),
    ];
    return {
      nonzero: matrices.reduce((sum, { nnz }) => sum + nnz, 0),
      total: matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
      ...countFormats(matrices),
    };
  }

  async encode(ids: readonly (readonly number[])[]): Promise<ShapedFloats> {
    this.#checkIds('encode', ids);
    const { gpu, config, weights } = this.#model;
    using scope = new Scope(gpu);
    const source = this.#source(scope, ids);
    const graph = new Graph(gpu, 'encoder');
    addEncoder(graph, config, weights, source);
    using plan = await graph.plan();
    plan.run();
    const { stride, output } = source;
    const runs = { runs: ids.length, length: longest(ids), stride };
    return featuresLast(await readFloats(gpu, output), config.hidden, runs);
  }

  async logits(
    ids: readonly (readonly number[])[],
    targets: readonly (readonly number[])[],
  ): Promise<ShapedFloats> {
    this.#checkIds('logits', ids);
    this.#checkIds('logits, targets', targets);
    if (ids.length !== targets.length) {
      throw new UsageError(`logits: ${ids.length} sources but ${targets.length} targets`);
    }
    const { gpu, config, weights } = this.#model;
    using scope = new Scope(gpu);
    const source = this.#source(scope, ids);
    const length = longest(targets);
    const stride = bucket(length, gpu.deviceClass);
    const columns = ids.length * stride;
    // Every position is fed the token before it.
    const shifted = targets.map((sentence) => [PAD, ...sentence].slice(0, length));
    const logits = scope.tensor('logits', [this.vocabularySize, columns]);
    const graph = new Graph(gpu, 'teacher-forced decoder');
    addEncoder(graph, config, weights, source);
    const target = {
      sentences: ids.length,
      stride,
      ids: scope.upload('target ids', [columns], padIds(shifted, stride)),
      extent: scope.upload('target extent', [1], Uint32Array.of(length)),
      timing: this.#model.timing(stride),
      keyBias: scope.tensor('target key bias', [1, columns]),
      memory: addMemory(graph, weights, source),
    };
    addTeacherForcedDecoder(graph, config, weights, target, logits);
    using plan = await graph.plan();
    plan.run();
    const runs = { runs: ids.length, length, stride };
    return featuresLast(await readFloats(gpu, logits), this.vocabularySize, runs);
  }

  translate(ids: readonly (readonly number[])[], options: TranslateOptions = {}): Promise<Translation[]> {
    // They share the state of `#decodings`.
    return this.#searches.take(() => this.#search(ids, options));
  }

  async #search(ids: readonly (readonly number[])[], options: TranslateOptions): Promise<Translation[]> {
    this.#checkIds('translate', ids);
    const { beam = 4, alpha = 0.6, extraLength = 100, topBeams = 1, bestOnly = false } = options;
    const { signal, onProgress } = options;
    const extent = longest(ids);
    const limit = options.maxLength ?? extent + extraLength;
    this.#checkSearch(beam, alpha, topBeams, limit);
    if (bestOnly && topBeams > 1) {
      throw new UsageError(`translate: topBeams is ${topBeams}, with bestOnly; it must be 1`);
    }
    if (!Number.isSafeInteger(limit)) throw new UsageError(`translate: a length limit of ${limit} tokens`);
    const found: Hypothesis[][] = [];
    for (const group of groups(ids, extent)) {
      signal?.throwIfAborted();
      if (limit < 1) {
        found.push(...group.map(() => [{ ids: [], score: 0, ended: false }]));
        continue;
      }
      // A group that is the whole batch keeps its padding; it matters where a sentence is nothing but padding.
      const whole = group.length === ids.length;
      const reach = whole ? extent : longest(group);
      const decoding = this.#decodingFor({
        sentences: group.length,
        beam,
        stopEarly: topBeams === 1,
      });
      const search = {
        limit,
        alpha,
        bestOnly: bestOnly && beam > 1 && alpha >= 0,
        signal,
        onProgress: onProgress && inBatch(onProgress, found.length),
      };
      found.push(...(await decoding.run({ ids: group, extent: reach, ...search })));
    }
    this.#checkFinite(found);
    return found.map((beams) => ({ ids: beams[0].ids, score: beams[0].score, beams }));
  }

  dispose(): void {
    this.#decodings[Symbol.dispose]();
    this.#model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #decodingFor(shape: SearchShape): Decoding {
    const { sentences, beam, stopEarly } = shape;
    const key = [sentences, beam, stopEarly].join();
    return this.#decodings.use(key, () => new Decoding(this.#model, shape));
  }

  #source(scope: Scope, ids: readonly (readonly number[])[]): EncoderTensors {
    const extent = longest(ids);
    const stride = bucket(extent, this.#model.gpu.deviceClass);
    const offsets = this.#model.sourceOffsets(stride);
    const shape = { sentences: ids.length, stride };
    const source = allocateSource(scope, this.config.hidden, offsets, shape);
    writeSource(this.#model.gpu, source, ids, extent);
    return source;
  }

  /** Weights can be finite and still overflow on the way; what comes out then means nothing. */
  #checkFinite(found: readonly Hypothesis[][]): void {
    const broken = found.findIndex((beams) =>
      beams.some(({ score, ids }) => !Number.isFinite(score) || ids.some((id) => id >= this.vocabularySize)),
    );
    if (broken < 0) return;
    throw new DeviceError(
      `translate: sentence ${broken} has no finite score: the weights of this checkpoint overflow float32`,
    );
  }

  #checkIds(what: string, ids: readonly (readonly number[])[]): void {
    if (ids.length === 0) throw new UsageError(`${what}: a batch of no sentences`);
    ids.forEach((sentence, index) => {
      if (!Array.isArray(sentence) || sentence.length === 0) {
        throw new UsageError(`${what}: sentence ${index} has no ids; even an empty one ends with EOS (1)`);
      }
      const wrong = sentence.find((id) => !Number.isInteger(id) || id < 0 || id >= this.vocabularySize);
      if (wrong !== undefined) {
        throw new UsageError(
          `${what}: sentence ${index} has id ${wrong}; ids go from 0 to ${this.vocabularySize - 1}`,
        );
      }
    });
  }

  #checkSearch(beam: number, alpha: number, topBeams: number, limit: number): void {
    const most = Math.min(MAX_BEAM, this.vocabularySize >> 1);
    if (!Number.isInteger(beam) || beam < 1 || beam > most) {
      throw new UsageError(`translate: a beam of ${beam}; it must be a whole number from 1 to ${most}`);
    }
    const penalty = Math.fround(((5 + Math.max(limit, 1)) / 6) ** alpha);
    if (!Number.isFinite(penalty) || penalty < 1e-30)
      throw new UsageError(
        `translate: alpha is ${alpha}; the length penalty ((5 + ${limit}) / 6)^alpha must be a float32 above 0`,
      );
    if (!Number.isInteger(topBeams) || topBeams < 1 || topBeams > beam) {
      throw new UsageError(
        `translate: topBeams is ${topBeams}; it must be a whole number from 1 to the beam, ${beam}`,
      );
    }
  }
}

/** Tells places in a batch, given places in a group of it that begins at `first`. */
function inBatch(listener: ProgressListener, first: number): ProgressListener {
  return (leading) => listener(new Map([...leading].map(([index, each]) => [first + index, each])));
}
