import type { DeviceTensor, Scope } from '../../src/graph/device/scope.ts';
import { embedding, product } from '../../src/graph/operations/operations.ts';
import type { Graph } from '../../src/graph/plan/graph.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { csrFromDense } from '../../src/graph/weights/csr.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import type { Model } from './decoding-oracles.ts';
import { logSoftmax } from './oracles.ts';
import type { Random } from './random.ts';

/**
 * A language model in which a token depends on the one before it, on its position and on the sentence: the least that
 * searching needs. Tables of logits that are added, `vocabulary` in a row.
 */
export interface Markov {
  readonly vocabulary: number;
  /** Row 0 is zero: nothing is known of what follows id 0. */
  readonly after: Float32Array;
  readonly at: Float32Array;
  readonly of: Float32Array;
}

/** @param logits makes so many */
export function makeMarkov(
  logits: (random: Random, count: number) => Float32Array,
  random: Random,
  { vocabulary, positions, sentences }: { vocabulary: number; positions: number; sentences: number },
): Markov {
  return {
    vocabulary,
    after: logits(random, vocabulary * vocabulary).fill(0, 0, vocabulary),
    at: logits(random, positions * vocabulary),
    // The end is a little likelier than the rest, so that it comes.
    of: logits(random, sentences * vocabulary).map((logit, i) => (i % vocabulary === 1 ? logit + 2 : logit)),
  };
}

export function onHost({ vocabulary, after, at, of }: Markov): Model {
  const row = (table: Float32Array, index: number) =>
    table.subarray(index * vocabulary, (index + 1) * vocabulary);
  return ({ last, step, sentence }) => {
    const ofPosition = row(after, last).map((logit, id) => logit + row(at, step)[id]);
    return logSoftmax(ofPosition.map((logit, id) => logit + row(of, sentence)[id]));
  };
}

/**
 * The same on the device, down to the logits of each hypothesis: an embedding looks rows up and adds that of the
 * position, a product with the identity adds that of the sentence.
 */
export function onDevice(
  graph: Graph,
  scope: Scope,
  { vocabulary, after, at, of }: Markov,
  search: { readonly tokens: DeviceTensor; readonly control: DeviceTensor },
  { sentences, beam }: { sentences: number; beam: number },
): GraphTensor {
  const hypotheses = sentences * beam;
  const columns = Math.ceil(hypotheses / 4) * 4;
  const table = csrFromDense(after, vocabulary, vocabulary);
  const logits = embedding(graph, uploadWeight(scope, 'after', table, { embedding: true }), columns, {
    ids: { kind: 'step', tokens: search.tokens, control: search.control, hypotheses },
    scale: 1,
    timing: scope.upload('at', [at.length / vocabulary, vocabulary], at),
  });
  const identity = new Float32Array(vocabulary ** 2).map((_, i) => (i % (vocabulary + 1) === 0 ? 1 : 0));
  const ofHypotheses = new Float32Array(vocabulary * columns).map((_, i) => {
    const [id, sentence] = [Math.floor(i / columns), Math.floor((i % columns) / beam)];
    return sentence < sentences ? of[sentence * vocabulary + id] : 0;
  });
  const residual = scope.upload('of', [vocabulary, columns], ofHypotheses);
  const unchanged = uploadWeight(scope, 'identity', csrFromDense(identity, vocabulary, vocabulary));
  return product(graph, unchanged, logits, { residual });
}
