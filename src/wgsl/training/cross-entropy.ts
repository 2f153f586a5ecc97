import { expFunction, LOG_FUNCTION } from '../elementary.ts';
import { ceilDivide, type Grid, type Kernel, kernel, unroll } from '../kernel.ts';
import { eachElement, linearGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { LOWEST } from '../online-softmax.ts';
import { blockSum, sumRounds } from './block-sum.ts';

/**
 * Cross-entropy of the softmax of every column against smoothed labels, and its gradient.
 *
 *     loss_n = log Σ_v exp x[v,n] − Σ_v t_v · x[v,n]
 *         t_v = right where v is the label, else wrong; Σ_v t_v = 1
 *     ∂x[v,n] = ∂loss_n · (softmax_v − t_v)
 *
 * logits x [V,N], labels and loss [N]. `statistics [2,N]` keeps the largest logit of a column and the sum of
 * exponentials.
 */
export function crossEntropyKernel(): Kernel {
  return kernel({
    name: 'cross-entropy',
    parameters: PARAMETERS,
    bindings: [
      { name: 'logits', element: 'f32', access: 'read' },
      { name: 'labels', element: 'u32', access: 'read' },
      { name: 'statistics', element: 'f32', access: 'read_write' },
      { name: 'loss', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${expFunction('f32')}${LOG_FUNCTION}
// The exponential, and the logit itself.
fn terms(logit: f32) -> vec2f { return vec2f(exact_exp(logit), logit); }
${eachElement(
  'params.columns',
  `  let n = params.columns;
  var most = ${LOWEST};
  // Classes past the end repeat the last one.
  for (var v = 0u; v < params.classes; v += ${AT_ONCE}u) {
${unroll(AT_ONCE, (t) => `    most = max(most, logits[min(v + ${t}u, params.classes - 1u) * n + i]);`)}
  }
${blockSum('sums', 'params.classes', 'terms(logits[j * n + i] - most)', 'vec2f')}
  let label = logits[min(labels[i], params.classes - 1u) * n + i] - most;
  statistics[i] = most;
  statistics[n + i] = sums.x;
  loss[i] = exact_log(sums.x) - params.wrong * sums.y - (params.right - params.wrong) * label;`,
)}`,
  });
}

export function crossEntropyGradientKernel(): Kernel {
  return kernel({
    name: 'cross-entropy gradient',
    parameters: PARAMETERS,
    bindings: [
      { name: 'logits', element: 'f32', access: 'read' },
      { name: 'labels', element: 'u32', access: 'read' },
      { name: 'statistics', element: 'f32', access: 'read' },
      { name: 'gradient', element: 'f32', access: 'read' },
      { name: 'result', element: 'f32', access: 'read_write' },
    ],
    body: /* wgsl */ `${expFunction('f32')}
${eachElement(
  'params.classes * params.columns',
  `  let n = i % params.columns;
  let softmax = exact_exp(logits[i] - statistics[n]) / statistics[params.columns + n];
  let goal = select(params.wrong, params.right, i / params.columns == labels[n]);
  result[i] = gradient[n] * (softmax - goal);`,
)}`,
  });
}

/** @param elements columns, or for the gradient classes · columns */
export function crossEntropyGrid(elements: number): Grid {
  return linearGrid(elements);
}

/** Rounds of loops that the loss of a column takes. */
export function crossEntropyRounds(classes: number): number {
  return loopRounds(ceilDivide(classes, AT_ONCE)) + sumRounds(classes);
}

/** Classes that are searched for the largest logit in a round. */
const AT_ONCE = 4;

const PARAMETERS = [
  { name: 'classes', type: 'u32' },
  { name: 'columns', type: 'u32' },
  { name: 'right', type: 'f32' },
  { name: 'wrong', type: 'f32' },
] as const;
