import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { attentionGrid, attentionKernel } from '../../wgsl/attention.ts';
import { attentionStepGrid, attentionStepKernel } from '../../wgsl/attention-step.ts';
import {
  attentionStepTogetherGrid,
  attentionStepTogetherKernel,
} from '../../wgsl/attention-step-together.ts';
import { COPY, copyGrid } from '../../wgsl/copy.ts';
import { embeddingGrid, embeddingKernel } from '../../wgsl/embedding.ts';
import { layerNormGrid, layerNormKernel } from '../../wgsl/layer-norm.ts';
import { matmulFits, matmulGrid, matmulKernel } from '../../wgsl/matmul.ts';
import { epilogueTag } from '../../wgsl/product-epilogue.ts';
import { chunkRows, rankGrid, rankKernel, rankRows } from '../../wgsl/rank-columns.ts';
import { spmmFits, spmmGrid, spmmKernel } from '../../wgsl/spmm.ts';
import { headVectors } from '../../wgsl/step-cache.ts';
import { type DeviceTensor, elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { choiceOf, weightClass } from '../tuning/candidates.ts';
import { matmulTilings, spmmTilings } from '../tuning/tilings.ts';
import {
  attentionLanes,
  attentionStepLanes,
  embeddingLanes,
  layerNormVariant,
  rankLanes,
} from '../tuning/variants.ts';
import type { Weight } from '../weights/weight.ts';

/*
 * Operations on feature-major tensors `[features, columns]`, columns a multiple of 4. Each records its dispatches in the
 * graph, with the kernel variant that suits the device, and returns the tensor they write.
 */

/** What a product does after the sum and its bias, in this order, and where it leaves the result. */
export interface ProductOptions {
  /** `[1, columns]` factors of the columns. */
  readonly columnScale?: GraphTensor;
  /** `[rows, columns]` to add. */
  readonly residual?: GraphTensor;
  /** `max(0, ·)` */
  readonly relu?: boolean;
  /** Where to write; a new transient tensor unless given. */
  readonly into?: GraphTensor;
}

/** `weight [M,K] · x [K,N] (+ bias) → [M,N]`, sparse or dense as the weight is held. */
export function product(
  graph: Graph,
  weight: Weight,
  x: GraphTensor,
  options: ProductOptions = {},
): GraphTensor {
  const { columnScale, residual, relu = false } = options;
  const columns4 = quarter(x);
  if (x.shape[0] !== weight.cols) {
    throw new UsageError(
      `${weight.name} [${weight.rows}, ${weight.cols}] cannot multiply ${x.name} [${x.shape.join(', ')}]`,
    );
  }
  const epilogue = { relu, columnScale: columnScale !== undefined, residual: residual !== undefined };
  const result = options.into ?? graph.tensor(weight.name, [weight.rows, x.shape[1]]);
  const shared = {
    b: x,
    ...(columnScale ? { column_scale: columnScale } : {}),
    ...(residual ? { residual } : {}),
    result,
  };
  const { gpu } = graph;
  const { halfValues } = weight;
  const dispatch = {
    weight: weightClass('product', weight, weight.cols),
    format: weight.kind,
    use: `${x.shape[1]} columns${halfValues ? ', half' : ''}${epilogueTag(epilogue)}`,
  };
  const size = { rows: weight.rows, columns4 };
  if (weight.kind === 'sparse') {
    const choice = choiceOf(
      gpu,
      dispatch,
      spmmTilings(gpu, { ...size, entries: weight.nnz / weight.rows }),
      (tiling) => {
        const fits = spmmFits(tiling, columns4);
        const variant = { ...tiling, fits, packedColumns: weight.packedColumns, halfValues, epilogue };
        return { kernel: spmmKernel(variant), grid: spmmGrid(variant, weight.rows, columns4) };
      },
    );
    graph.dispatchFastest(
      choice,
      { rows: weight.rows, columns4 },
      { rows_of_a: weight.swizzledRows, columns_of_a: weight.columns, values_of_a: weight.values, ...shared },
    );
  } else {
    const choice = choiceOf(gpu, dispatch, matmulTilings(gpu, size), (tiling) => {
      const fits = matmulFits(tiling, weight.rows, columns4);
      const variant = { ...tiling, fits, halfValues, epilogue };
      return { kernel: matmulKernel(variant), grid: matmulGrid(variant, weight.rows, columns4) };
    });
    graph.dispatchFastest(
      choice,
      { rows: weight.rows, depth: weight.cols, columns4 },
      { a: weight.values, bias: weight.bias, ...shared },
    );
  }
  return result;
}

/** Scale and bias of a layer normalisation, `[features]` each. */
export interface Normalisation {
  /** `[features]` */
  readonly scale: DeviceTensor;
  /** `[features]` */
  readonly bias: DeviceTensor;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Layer normalisation of every column of `x [D,N]`. */
export function layerNorm(
  graph: Graph,
  norm: Normalisation,
  x: GraphTensor,
  into?: GraphTensor,
): GraphTensor {
  const [features] = x.shape;
  const columns4 = quarter(x);
  const variant = layerNormVariant(graph.gpu.deviceClass, features, columns4);
  const y = into ?? graph.tensor(`${x.name} normalised`, x.shape);
  graph.dispatch(
    layerNormKernel(variant),
    layerNormGrid(variant, columns4),
    { features, columns4, epsilon: norm.epsilon },
    { x, scale: norm.scale, bias: norm.bias, y },
  );
  return y;
}

/** Queries, keys or values: rows `row … row + H − 1` of a tensor. */
export interface Heads {
  /** `[rows, columns]` */
  readonly tensor: GraphTensor;
  /** Their first row in it. */
  readonly row: number;
}

/** Shapes of an attention over whole sentences. */
export interface AttentionShape {
  /** H */
  readonly heads: number;
  /** Features of a head. */
  readonly headSize: number;
  /** B */
  readonly sentences: number;
  /** Query columns of a sentence. */
  readonly queries: number;
  /** Key columns of a sentence, a multiple of 4; or that word 1 of the extent tells them when the plan runs. */
  readonly keys: number | 'in extent';
  /** Whether a query attends to no key behind it. */
  readonly causal: boolean;
  /** Whether the queries are few: the hypotheses of a decoding step. */
  readonly fewQueries: boolean;
}

/**
 * Multi-head attention over whole sentences.
 * @returns `[H, query columns]`
 */
export function attention(
  graph: Graph,
  shape: AttentionShape,
  inputs: {
    query: Heads;
    key: Heads;
    value: Heads;
    /** Word 0: keys of a sentence that count; word 1, where the shape says so, the columns they have. */
    extent: DeviceTensor;
    /** `[1, key columns]`, added to the logits. */
    keyBias: GraphTensor;
  },
): GraphTensor {
  requireOptions('attention', shape, [
    'heads',
    'headSize',
    'sentences',
    'queries',
    'keys',
    'causal',
    'fewQueries',
  ]);
  requireOptions('attention', inputs, ['query', 'key', 'value', 'extent', 'keyBias']);
  const { heads, headSize, sentences, queries, keys, causal } = shape;
  const { query, key, value, extent, keyBias } = inputs;
  const variant = {
    headSize,
    causal,
    anyKeys: keys === 'in extent',
    ...attentionLanes(graph.gpu.deviceClass, shape),
  };
  const columns = query.tensor.shape[1];
  const output = graph.tensor('attended', [heads * headSize, columns]);
  graph.dispatch(
    attentionKernel(variant),
    attentionGrid(variant, shape),
    {
      heads,
      sentences,
      queries,
      query_columns: columns,
      ...(keys === 'in extent' ? {} : { keys4: keys / 4, key_columns4: quarter(key.tensor) }),
      query_row: query.row,
      key_row: key.row,
      value_row: value.row,
      scale: headSize ** -0.5,
    },
    { extent, query: query.tensor, key: key.tensor, value: value.tensor, key_bias: keyBias, output },
  );
  return output;
}

/** Floats that a head of so many features takes in a cache. */
export function cacheHeadSize(headSize: number): number {
  return headVectors(headSize) * 4;
}

/**
 * Cached self-attention of one decoding step.
 * @param inputs `projected [3H, columns]`; caches `[positions, hypotheses, heads, padded head]`; `lineage` unless greedy
 * @returns `[H, columns]`
 */
export function attentionStep(
  graph: Graph,
  shape: { hidden: number; headSize: number; hypotheses: number; beam: number },
  inputs: {
    projected: GraphTensor;
    control: DeviceTensor;
    lineage: DeviceTensor | undefined;
    keyCache: DeviceTensor;
    valueCache: DeviceTensor;
  },
): GraphTensor {
  const { hidden, headSize, hypotheses, beam } = shape;
  const { projected, control, lineage, keyCache, valueCache } = inputs;
  const lanes = attentionStepLanes(graph.gpu.deviceClass, headSize);
  const head = { hidden, headSize, beam };
  const [kernel, grid] = lanes.together
    ? [
        attentionStepTogetherKernel({ ...head, ...lanes }),
        attentionStepTogetherGrid({ ...head, ...lanes }, hypotheses),
      ]
    : [attentionStepKernel({ ...head, ...lanes }), attentionStepGrid({ ...head, ...lanes }, hypotheses)];
  const columns = projected.shape[1];
  const output = graph.tensor('attended', [hidden, columns]);
  graph.dispatch(
    kernel,
    grid,
    { hypotheses, columns, scale: headSize ** -0.5 },
    {
      control,
      projected,
      ...(lineage ? { lineage } : {}),
      key_cache: keyCache,
      value_cache: valueCache,
      output,
    },
  );
  return output;
}

/** Where the ids of an embedding come from, see the kernel. */
export type EmbeddingIds =
  | { readonly kind: 'sentences'; readonly ids: DeviceTensor; readonly stride: number }
  | {
      readonly kind: 'step';
      readonly tokens: DeviceTensor;
      readonly control: DeviceTensor;
      readonly hypotheses: number;
    };

/**
 * Scaled embedding rows plus what belongs to their positions.
 * @param table `[V, D]`, uploaded as an embedding
 * @param inputs `timing [positions, D]` to add; `keyBias` and `keep` `[1, columns]` receive the padding masks
 * @returns `[D, columns]`
 */
export function embedding(
  graph: Graph,
  table: Weight,
  columns: number,
  inputs: {
    ids: EmbeddingIds;
    scale: number;
    timing: DeviceTensor;
    masks?: { keyBias: GraphTensor; keep: GraphTensor };
  },
): GraphTensor {
  requireOptions('embedding', inputs, ['ids', 'scale', 'timing']);
  const { ids, scale, timing, masks } = inputs;
  if (table.rowStarts === undefined) throw new UsageError(`${table.name} was not uploaded as an embedding`);
  const variant = {
    source: ids.kind,
    compressed: table.kind === 'sparse',
    packedColumns: table.kind === 'sparse' && table.packedColumns,
    halfValues: table.halfValues,
    masks: masks !== undefined,
    lanes: embeddingLanes(graph.gpu.deviceClass),
  };
  const x = graph.tensor('embedded', [table.cols, columns]);
  graph.dispatch(
    embeddingKernel(variant),
    embeddingGrid(columns),
    {
      features: table.cols,
      columns,
      stride: ids.kind === 'step' ? ids.hypotheses : ids.stride,
      row_size: Math.ceil(table.cols / 4) * 4,
      scale,
    },
    {
      ...(ids.kind === 'step' ? { control: ids.control, ids: ids.tokens } : { ids: ids.ids }),
      row_starts: table.rowStarts,
      ...(table.kind === 'sparse' ? { columns: table.columns } : {}),
      table: table.values,
      timing,
      x,
      ...(masks ? { key_bias: masks.keyBias, keep: masks.keep } : {}),
    },
  );
  return x;
}

/**
 * Log-softmax statistics and the `k` largest logits of every column of `logits [V,N]`.
 * @returns `[2 + 2k, N]` words: as bits of floats the largest logit, the sum of exponentials of all less the largest, and the
 *   `k` largest logits; then the rows of these, of equal ones the smaller first
 */
export function topK(graph: Graph, logits: GraphTensor, k: number): GraphTensor {
  const [rows, columns] = logits.shape;
  const variant = { k, ...rankLanes(graph.gpu.deviceClass, columns), chunkRows: chunkRows(rows) };
  const ranks = graph.tensor('ranks', [rankRows(variant), columns]);
  graph.dispatch(rankKernel(variant), rankGrid(variant, columns), { rows, columns }, { logits, ranks });
  return ranks;
}

/** Copies a value, such as one of the plan into a tensor that outlives it, of as many elements. */
export function copy(graph: Graph, from: GraphTensor, to: GraphTensor): void {
  const words = elements(from);
  if (words === 0) return;
  const range = { words, original_start: 0, duplicate_start: 0 };
  graph.dispatch(COPY, copyGrid(words), range, { original: from, duplicate: to });
}

/** N / 4. @throws {UsageError} unless it is whole. */
export function quarter(tensor: GraphTensor): number {
  const columns = tensor.shape[1];
  if (columns % 4 !== 0) {
    throw new UsageError(`${tensor.name} [${tensor.shape.join(', ')}]: columns must be a multiple of 4`);
  }
  return columns / 4;
}
