import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, type Scope, write } from '../../graph/device/scope.ts';
import { embedding, layerNorm, product } from '../../graph/operations/operations.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import { padIds } from './batching.ts';
import type { TransformerConfig } from './config.ts';
import { feedForwardBlock, type Memory, selfAttentionBlock } from './layers.ts';
import type { TransformerWeights } from './weights.ts';

/** What the encoder of a batch reads and writes; `stride` columns a sentence. */
export interface EncoderTensors {
  readonly sentences: number;
  readonly stride: number;
  /** `[sentences · stride]`, 0 for padding. */
  readonly ids: DeviceTensor;
  /** Word 0: source positions of the batch that count, its padded length; word 1: `stride`. */
  readonly extent: DeviceTensor;
  /** `[positions, H]`: timing signal plus target space, added to the embeddings. */
  readonly positionOffsets: DeviceTensor;
  /** `[1, sentences · stride]`, written. */
  readonly keyBias: DeviceTensor;
  /** `[H, sentences · stride]`, written. */
  readonly output: DeviceTensor;
}

/**
 * Room for the source of a batch.
 * @param positionOffsets see `EncoderTensors`
 * @param shared what there is room for already
 */
export function allocateSource(
  scope: Scope,
  hidden: number,
  positionOffsets: DeviceTensor,
  { sentences, stride }: Pick<EncoderTensors, 'sentences' | 'stride'>,
  shared?: Pick<EncoderTensors, 'extent' | 'keyBias'>,
): EncoderTensors {
  const columns = sentences * stride;
  return {
    sentences,
    stride,
    ids: scope.tensor('source ids', [columns]),
    extent: shared?.extent ?? scope.tensor('source extent', [2]),
    positionOffsets,
    keyBias: shared?.keyBias ?? scope.tensor('source key bias', [1, columns]),
    output: scope.tensor('encoder output', [hidden, columns]),
  };
}

/** Puts the sentences of a batch in their columns. @param extent padded length of the batch */
export function writeSource(
  gpu: Gpu,
  source: EncoderTensors,
  ids: readonly (readonly number[])[],
  extent: number,
): void {
  write(gpu, source.ids, padIds(ids, source.stride));
  write(gpu, source.extent, Uint32Array.of(extent, source.stride));
}

/** Records the encoder: embedding, pre-norm layers, final normalisation (spec: transformer, 1.7). */
export function addEncoder(
  graph: Graph,
  config: TransformerConfig,
  weights: TransformerWeights,
  tensors: EncoderTensors,
): void {
  const { hidden, heads } = config;
  const { sentences, stride, ids, extent, positionOffsets, keyBias, output } = tensors;
  const columns = sentences * stride;
  const keep = graph.tensor('keep', [1, columns]);
  let x = embedding(graph, weights.embedding, columns, {
    ids: { kind: 'sentences', ids, stride },
    scale: Math.sqrt(hidden),
    timing: positionOffsets,
    masks: { keyBias, keep },
  });
  for (const layer of weights.encoder) {
    x = selfAttentionBlock(graph, { hidden, heads, sentences }, layer.attention, x, {
      stride,
      causal: false,
      extent,
      keyBias,
    });
    x = feedForwardBlock(graph, layer.feedForward, x, keep);
  }
  layerNorm(graph, weights.encoderNorm, x, output);
}

/**
 * Records keys and values of the encoder output for every decoder layer.
 * @param into `[2H, columns]` per layer, or undefined for transient tensors
 */
export function addMemory(
  graph: Graph,
  weights: TransformerWeights,
  { output, keyBias, extent, stride }: EncoderTensors,
  into?: readonly DeviceTensor[],
): Memory[] {
  return weights.decoder.map(({ crossAttention }, layer) => ({
    keyValue: product(graph, crossAttention.keyValue, output, into ? { into: into[layer] } : {}),
    keyBias,
    extent,
    stride,
  }));
}
