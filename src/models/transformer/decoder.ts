import type { DeviceTensor } from '../../graph/device/scope.ts';
import { type EmbeddingIds, embedding, layerNorm, product } from '../../graph/operations/operations.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { TransformerConfig } from './config.ts';
import {
  crossAttentionBlock,
  feedForwardBlock,
  type Memory,
  type StepCache,
  selfAttentionBlock,
  selfAttentionStepBlock,
} from './layers.ts';
import type { TransformerWeights } from './weights.ts';

/** What the teacher-forced decoder of a batch reads; `stride` columns a sentence. */
export interface TeacherForcedTensors {
  readonly sentences: number;
  readonly stride: number;
  /** `[sentences · stride]`: targets shifted right by one, 0 first. */
  readonly ids: DeviceTensor;
  /** Word 0: target positions that count. */
  readonly extent: DeviceTensor;
  readonly timing: DeviceTensor;
  /** `[1, sentences · stride]` of zeros: target padding is not masked. */
  readonly keyBias: DeviceTensor;
  readonly memory: readonly Memory[];
}

/**
 * Records the decoder over whole target sentences (spec: transformer, 1.10) and the logits `[V, sentences · stride]`.
 */
export function addTeacherForcedDecoder(
  graph: Graph,
  config: TransformerConfig,
  weights: TransformerWeights,
  tensors: TeacherForcedTensors,
  logits: DeviceTensor,
): void {
  const { hidden, heads } = config;
  const { sentences, stride, ids, extent, timing, keyBias, memory } = tensors;
  const shape = { hidden, heads, sentences, queries: stride, fewQueries: false };
  let x = embed(graph, config, weights, sentences * stride, { kind: 'sentences', ids, stride }, timing);
  weights.decoder.forEach((layer, index) => {
    x = selfAttentionBlock(graph, shape, layer.attention, x, { stride, causal: true, extent, keyBias });
    x = crossAttentionBlock(graph, shape, layer.crossAttention, x, memory[index]);
    x = feedForwardBlock(graph, layer.feedForward, x);
  });
  project(graph, weights, x, logits);
}

/** What one decoding step reads and writes. */
export interface StepTensors {
  readonly sentences: number;
  /** Hypotheses a sentence. */
  readonly beam: number;
  /** Columns of activations: all hypotheses, padded. */
  readonly columns: number;
  /** `[steps, sentences · beam]` chosen so far. */
  readonly tokens: DeviceTensor;
  readonly control: DeviceTensor;
  readonly timing: DeviceTensor;
  readonly caches: readonly StepCache[];
  readonly memory: readonly Memory[];
}

/** Records the decoder of one step up to its logits `[V, columns]` (spec: transformer, 4.3). */
export function addDecoderStep(
  graph: Graph,
  config: TransformerConfig,
  weights: TransformerWeights,
  tensors: StepTensors,
): GraphTensor {
  const { hidden, heads } = config;
  const { sentences, beam, columns, tokens, control, timing, caches, memory } = tensors;
  const hypotheses = sentences * beam;
  const shape = { hidden, heads, sentences, queries: beam, fewQueries: true, hypotheses };
  let x = embed(graph, config, weights, columns, { kind: 'step', tokens, control, hypotheses }, timing);
  weights.decoder.forEach((layer, index) => {
    x = selfAttentionStepBlock(graph, shape, layer.attention, x, caches[index]);
    x = crossAttentionBlock(graph, shape, layer.crossAttention, x, memory[index]);
    x = feedForwardBlock(graph, layer.feedForward, x);
  });
  return project(graph, weights, x);
}

function embed(
  graph: Graph,
  { hidden }: TransformerConfig,
  weights: TransformerWeights,
  columns: number,
  ids: EmbeddingIds,
  timing: DeviceTensor,
): GraphTensor {
  return embedding(graph, weights.embedding, columns, { ids, scale: Math.sqrt(hidden), timing });
}

/** Final normalisation and logits, with the embedding as the softmax matrix. */
function project(
  graph: Graph,
  weights: TransformerWeights,
  x: GraphTensor,
  into?: DeviceTensor,
): GraphTensor {
  const output = layerNorm(graph, weights.decoderNorm, x);
  return product(graph, weights.embedding, output, into ? { into } : {});
}
