import { UsageError } from '../../base/errors.ts';
import {
  softmaxGradientKernel,
  softmaxGrid,
  softmaxKernel,
  softmaxRounds,
} from '../../wgsl/training/softmax.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { type Dropped, droppedFormula } from './dropout.ts';
import { applyDerivative, applyFormula } from './formula.ts';
import { batchedProduct } from './product.ts';
import { requireRounds } from './require-rounds.ts';
import { described, requireExtents } from './shapes.ts';
import type { Tape } from './tape.ts';

/** Shape of an attention over whole sentences. */
export interface AttentionShape {
  readonly sentences: number;
  readonly heads: number;
  /** Query columns of a sentence. */
  readonly queries: number;
  /** Key columns of a sentence. */
  readonly keys: number;
  /** A query sees keys up to its own place. */
  readonly causal: boolean;
}

/** What attention works on: columns are `sentence · positions + position`. */
export interface AttentionInputs {
  /** `[H, sentences · queries]`, head h in rows `h · H / heads …` */
  readonly query: GraphTensor;
  /** `[H, sentences · keys]` */
  readonly key: GraphTensor;
  /** `[H, sentences · keys]` */
  readonly value: GraphTensor;
  /** `[1, sentences · keys]`, added to the scores: −1e9 masks a key. */
  readonly keyBias?: GraphTensor | undefined;
  /** Where rows are packed: which of its sentences a column belongs to; a query sees the keys of its own. */
  readonly segments?: { readonly queries: GraphTensor; readonly keys: GraphTensor } | undefined;
  /** Dropout of the weights, its draws `[sentences · heads · queries, keys]`. */
  readonly dropout?: Dropped | undefined;
}

/**
 * Multi-head attention, `softmax(QᵀK / √(head size) + bias) · V` for every sentence and head (Vaswani et al.
 * 2017).
 * @returns `[H, sentences · queries]`
 * @throws {UsageError} when columns and sentences, or features and heads, do not fit each other.
 */
export function attention(tape: Tape, shape: AttentionShape, inputs: AttentionInputs): GraphTensor {
  const { graph } = tape;
  const { sentences, heads, queries, keys, causal } = shape;
  const { query, key, value, keyBias, segments, dropout } = inputs;
  const { rows: hidden } = requireExtents('attention', query, { columns: sentences * queries });
  if (hidden % heads !== 0) {
    throw new UsageError(`attention: ${described(query)} cannot be cut into ${heads} heads.`);
  }
  requireExtents('attention', key, { rows: hidden, columns: sentences * keys });
  requireExtents('attention', value, { rows: hidden, columns: sentences * keys });
  if (keyBias) requireExtents('attention', keyBias, { rows: 1, columns: sentences * keys });
  if (segments) {
    requireExtents('attention', segments.queries, { rows: sentences * queries, columns: 1 });
    requireExtents('attention', segments.keys, { rows: sentences * keys, columns: 1 });
  }
  requireRounds(graph.gpu, 'attention', softmaxRounds(keys));
  const rows = sentences * heads * queries;
  const parameters = { rows, heads, queries, keys, scale: (hidden / heads) ** -0.5 };

  const weights = graph.tensor('attention weights', [rows, keys]);
  const output = graph.tensor('attended', query.shape);
  const products = attentionProducts(tape, shape, hidden / heads);
  products.scores(query, key, weights);
  graph.dispatch(
    softmaxKernel({ causal, keyBias: keyBias !== undefined, segments: segments !== undefined }),
    softmaxGrid(rows),
    parameters,
    {
      ...(keyBias ? { key_bias: keyBias } : {}),
      ...(segments ? { query_segments: segments.queries, key_segments: segments.keys } : {}),
      scores: weights,
    },
  );
  const drop = dropout && { formula: droppedFormula(dropout.rate), draws: dropout.draws };
  const kept = drop ? applyFormula(graph, drop.formula, { x: weights, u: drop.draws }, {}) : weights;
  const dropped = drop && { inputs: { x: weights, u: drop.draws }, value: kept };
  products.overKeys(value, kept, output);

  return tape.record(output, [query, key, value], (gradient) => {
    let scores: TransientTensor | undefined;
    const ofScores = (): TransientTensor => {
      if (scores === undefined) {
        const ofKept = graph.tensor('attention scores gradient', weights.shape);
        products.scores(gradient, value, ofKept);
        scores = drop ? applyDerivative(graph, drop.formula, dropped!, {}, 'x', ofKept) : ofKept;
        graph.dispatch(softmaxGradientKernel(), softmaxGrid(rows), parameters, { weights, gradient: scores });
      }
      return scores;
    };
    const like = (tensor: GraphTensor) => graph.tensor(`${tensor.name} gradient`, tensor.shape);
    return [
      () => products.overKeys(key, ofScores(), like(query)),
      () => products.overQueries(query, ofScores(), like(key)),
      () => products.overQueries(gradient, kept, like(value)),
    ];
  });
}

/**
 * The products of attention and its gradient, for all sentences and heads at once. Q is anything `[H,
 * sentences · queries]`, K anything `[H, sentences · keys]`, S the scores of every head, queries × keys.
 */
function attentionProducts(tape: Tape, shape: AttentionShape, headSize: number) {
  const { sentences, heads, queries, keys } = shape;
  const [queryColumns, keyColumns] = [sentences * queries, sentences * keys];
  // Where the part of a sentence (outer) and head (inner) begins.
  const ofQueries = { outer: queries, inner: headSize * queryColumns };
  const ofKeys = { outer: keys, inner: headSize * keyColumns };
  const ofScores = { outer: heads * queries * keys, inner: queries * keys };
  const record = (
    [a, placeA]: readonly [GraphTensor, Place],
    [b, placeB]: readonly [GraphTensor, Place],
    [c, placeC]: readonly [TransientTensor, Place],
    one: Omit<Parameters<typeof batchedProduct>[4], keyof ReturnType<typeof batches>>,
  ): TransientTensor => {
    batchedProduct(tape.graph, a, b, c, { ...batches(shape, placeA, placeB, placeC, one.depth), ...one });
    return c;
  };
  return {
    /** S = Qᵀ · K */
    scores: (q: GraphTensor, k: GraphTensor, into: TransientTensor) =>
      record([q, ofQueries], [k, ofKeys], [into, ofScores], {
        rows: queries,
        depth: headSize,
        columns: keys,
        a_row: 1,
        a_depth: queryColumns,
        b_depth: keyColumns,
        b_column: 1,
        c_row: keys,
      }),
    /** Q = K · Sᵀ */
    overKeys: (k: GraphTensor, s: GraphTensor, into: TransientTensor) =>
      record([k, ofKeys], [s, ofScores], [into, ofQueries], {
        rows: headSize,
        depth: keys,
        columns: queries,
        a_row: keyColumns,
        a_depth: 1,
        b_depth: 1,
        b_column: keys,
        c_row: queryColumns,
      }),
    /** K = Q · S */
    overQueries: (q: GraphTensor, s: GraphTensor, into: TransientTensor) =>
      record([q, ofQueries], [s, ofScores], [into, ofKeys], {
        rows: headSize,
        depth: queries,
        columns: keys,
        a_row: queryColumns,
        a_depth: 1,
        b_depth: keys,
        b_column: 1,
        c_row: keyColumns,
      }),
  };
}

/** Elements between the parts of neighbouring sentences and of neighbouring heads. */
interface Place {
  readonly outer: number;
  readonly inner: number;
}

function batches({ sentences, heads }: AttentionShape, a: Place, b: Place, c: Place, depth: number) {
  return {
    batches: sentences * heads,
    inner: heads,
    a_outer: a.outer,
    a_inner: a.inner,
    b_outer: b.outer,
    b_inner: b.inner,
    c_outer: c.outer,
    c_inner: c.inner,
    chunks: 1,
    chunk_depth: depth,
    c_chunk: 0,
  };
}
