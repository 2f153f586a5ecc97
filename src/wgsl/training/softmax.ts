import { expFunction } from '../elementary.ts';
import { type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { LOWEST } from '../online-softmax.ts';
import { blockSum, sumRounds } from './block-sum.ts';

/**
 * Softmax of the rows of attention scores, in place, and its gradient, in place of the gradient of the
 * weights.
 *
 *     w_j = softmax_j( scale · s_j + bias_j )      ∂s_j = scale · w_j · (∂w_j − Σ_k ∂w_k · w_k)
 *
 * Row `(sentence · heads + head) · queries + i` holds the `keys` scores of query i; `key_bias [sentences ·
 * keys]` is shared by the heads and queries of a sentence. With `causal`, query i sees keys up to its own
 * place; the other weights are 0. With `segments`, the columns of a sentence are several packed one behind the
 * other, and −1e9 is added where query and key are not of one segment.
 */
export interface SoftmaxVariant {
  readonly causal: boolean;
  readonly keyBias: boolean;
  readonly segments: boolean;
}

export function softmaxKernel({ causal, keyBias, segments }: SoftmaxVariant): Kernel {
  const biased = keyBias ? ' + key_bias[first + j]' : '';
  const apart = segments ? ' + select(-1e9, 0.0, key_segments[first + j] == segment)' : '';
  const variant = `${causal ? ', causal' : ''}${keyBias ? ', biased' : ''}${segments ? ', packed' : ''}`;
  return kernel({
    name: `attention softmax${variant}`,
    parameters: PARAMETERS,
    bindings: [
      ...(keyBias ? [{ name: 'key_bias', element: 'f32', access: 'read' } as const] : []),
      ...(segments
        ? ([
            { name: 'query_segments', element: 'u32', access: 'read' },
            { name: 'key_segments', element: 'u32', access: 'read' },
          ] as const)
        : []),
      { name: 'scores', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${expFunction('f32')}
${eachElement(
  'params.rows',
  `  let row = i * params.keys;
  let seen = ${causal ? 'min(i % params.queries + 1u, params.keys)' : 'params.keys'};
  let sentence = i / (params.heads * params.queries);
  let first = sentence * params.keys;
  ${segments ? 'let segment = query_segments[sentence * params.queries + i % params.queries];' : ''}
  var most = ${LOWEST};
  for (var j = 0u; j < seen; j++) {
    let logit = scores[row + j] * params.scale${biased}${apart};
    scores[row + j] = logit;
    most = max(most, logit);
  }
${blockSum('total', 'seen', 'exact_exp(scores[row + j] - most)')}
  for (var j = 0u; j < seen; j++) { scores[row + j] = exact_exp(scores[row + j] - most) / total; }
  for (var j = seen; j < params.keys; j++) { scores[row + j] = 0.0; }`,
)}`,
  });
}

export function softmaxGradientKernel(): Kernel {
  return kernel({
    name: 'attention softmax gradient',
    parameters: PARAMETERS,
    bindings: [
      { name: 'weights', element: 'f32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read_write' },
    ],
    body: eachElement(
      'params.rows',
      `  let row = i * params.keys;
  // Gradients count from that of the largest weight: where it is nearly 1, its own would cancel against the
  // sum.
  var heaviest = row;
  for (var j = row; j < row + params.keys; j++) {
    heaviest = select(heaviest, j, weights[j] > weights[heaviest]);
  }
  let base = gradient[heaviest];
${blockSum('along', 'params.keys', 'weights[row + j] * (gradient[row + j] - base)')}
  for (var j = row; j < row + params.keys; j++) {
    gradient[j] = params.scale * weights[j] * (gradient[j] - base - along);
  }`,
    ),
  });
}

/** @param rows sentences · heads · queries */
export function softmaxGrid(rows: number): Grid {
  return linearGrid(rows);
}

/**
 * Rounds of loops of an invocation, of either kernel. Causal rows in step, of which one sees no keys and one all, take the rounds
 * for both.
 */
export function softmaxRounds(keys: number): number {
  return 3 * loopRounds(keys) + sumRounds(keys);
}

const PARAMETERS = [
  { name: 'rows', type: 'u32' },
  { name: 'heads', type: 'u32' },
  { name: 'queries', type: 'u32' },
  { name: 'keys', type: 'u32' },
  { name: 'scale', type: 'f32' },
] as const;
