import type { DeviceTensor } from '../../graph/device/scope.ts';
import {
  attention,
  attentionStep,
  type Heads,
  layerNorm,
  product,
} from '../../graph/operations/operations.ts';
import type { Graph } from '../../graph/plan/graph.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import type { CrossAttention, FeedForward, SelfAttention } from './weights.ts';

/** Shapes that all layers of a graph share. */
export interface LayerShape {
  readonly hidden: number;
  readonly heads: number;
  readonly sentences: number;
}

/** Keys and values of the encoder output for one decoder layer: `[2H, key columns]`, `stride` columns a sentence. */
export interface Memory {
  readonly keyValue: GraphTensor;
  readonly keyBias: GraphTensor;
  /** Word 0: source positions that count; word 1: `stride`. */
  readonly extent: DeviceTensor;
  /** Or that it is to be read from the extent when the plan runs. */
  readonly stride: number | 'in extent';
}

/** `x + MHA(LN(x))` over whole sentences. */
export function selfAttentionBlock(
  graph: Graph,
  shape: LayerShape,
  weights: SelfAttention,
  x: GraphTensor,
  keys: { stride: number; causal: boolean; extent: DeviceTensor; keyBias: GraphTensor },
): GraphTensor {
  const { hidden, heads, sentences } = shape;
  const projected = product(graph, weights.project, layerNorm(graph, weights.norm, x));
  const attended = attention(
    graph,
    {
      heads,
      headSize: hidden / heads,
      sentences,
      queries: keys.stride,
      keys: keys.stride,
      causal: keys.causal,
      fewQueries: false,
    },
    {
      query: { tensor: projected, row: 0 },
      key: { tensor: projected, row: hidden },
      value: { tensor: projected, row: 2 * hidden },
      extent: keys.extent,
      keyBias: keys.keyBias,
    },
  );
  return product(graph, weights.output, attended, { residual: x });
}

/** What cached self-attention of one step reads and writes. */
export interface StepCache {
  readonly control: DeviceTensor;
  readonly lineage: DeviceTensor | undefined;
  readonly keyCache: DeviceTensor;
  readonly valueCache: DeviceTensor;
}

/** `x + MHA(LN(x))` of one decoding step, with the cache of its layer. */
export function selfAttentionStepBlock(
  graph: Graph,
  shape: LayerShape & { queries: number; hypotheses: number },
  weights: SelfAttention,
  x: GraphTensor,
  cache: StepCache,
): GraphTensor {
  const { hidden, heads, queries, hypotheses } = shape;
  const projected = product(graph, weights.project, layerNorm(graph, weights.norm, x));
  const attended = attentionStep(
    graph,
    { hidden, headSize: hidden / heads, hypotheses, beam: queries },
    { projected, ...cache },
  );
  return product(graph, weights.output, attended, { residual: x });
}

/**
 * `x + MHA(LN(x), encoder output)`; `queries` columns of x belong to each sentence, few where they are the hypotheses of a
 * decoding step.
 */
export function crossAttentionBlock(
  graph: Graph,
  shape: LayerShape & { queries: number; fewQueries: boolean },
  weights: CrossAttention,
  x: GraphTensor,
  memory: Memory,
): GraphTensor {
  const { hidden, heads, sentences, queries, fewQueries } = shape;
  const query: Heads = { tensor: product(graph, weights.query, layerNorm(graph, weights.norm, x)), row: 0 };
  const attended = attention(
    graph,
    { heads, headSize: hidden / heads, sentences, queries, keys: memory.stride, causal: false, fewQueries },
    {
      query,
      key: { tensor: memory.keyValue, row: 0 },
      value: { tensor: memory.keyValue, row: hidden },
      extent: memory.extent,
      keyBias: memory.keyBias,
    },
  );
  return product(graph, weights.output, attended, { residual: x });
}

/** `x + keep · FFN(LN(x))`; `keep [1, columns]` takes padding out, as the encoder of the original does. */
export function feedForwardBlock(
  graph: Graph,
  weights: FeedForward,
  x: GraphTensor,
  keep?: GraphTensor,
): GraphTensor {
  const inner = product(graph, weights.expand, layerNorm(graph, weights.norm, x), { relu: true });
  return product(graph, weights.contract, inner, { residual: x, ...(keep ? { columnScale: keep } : {}) });
}
