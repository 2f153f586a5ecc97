import { ceilDivide, type Grid, type Kernel, kernel } from '../kernel.ts';
import { eachElement, linearGrid, WORKGROUP, workgroupGrid } from '../linear-grid.ts';
import { loopRounds } from '../loop-rounds.ts';
import { sharedSum, sumMemory, sumRounds } from './block-sum.ts';

/**
 * Normalisation of vectors to mean 0 and variance 1, and its gradient: of the columns of a matrix (layer
 * normalisation) or of its rows (batch normalisation).
 *
 *     y_j = (x_j − mean) · r,    r = 1 / √(variance + ε),    variance = Σ (x_j − mean)² / J
 *     ∂x_j = r · (∂y_j − Σ ∂y / J − y_j · Σ (∂y · y) / J)
 *
 * Element j of vector v lies at `v · vector_step + j · step`. `statistics [2, vectors]` gets the means and
 * the (biased) variances. A workgroup owns a vector; with one lane, every invocation of it owns one.
 */
export interface NormaliseVariant {
  /** Lanes that share a vector: a power of two. */
  readonly lanes: number;
}

export function normaliseKernel({ lanes }: NormaliseVariant): Kernel {
  return kernel({
    name: `normalise, ${lanes} lanes`,
    parameters: PARAMETERS,
    bindings: [
      { name: 'x', element: 'f32', access: 'read' },
      { name: 'y', element: 'f32', access: 'read_write' },
      { name: 'statistics', element: 'f32', access: 'read_write' },
    ],
    body: ofVector(
      lanes,
      /* wgsl */ `
${sharedSum(lanes, 'total', 'params.length', 'x[start + j * params.step]')}
  let mean = total / f32(params.length);
${sharedSum(lanes, 'squares', 'params.length', 'squared(x[start + j * params.step] - mean)')}
  let variance = squares / f32(params.length);
  if (lane == 0u) {
    statistics[vector] = mean;
    statistics[params.vectors + vector] = variance;
  }
  // Not inverseSqrt: its error may be twice as large.
  let factor = 1.0 / sqrt(variance + params.epsilon);
  for (var j = lane; j < params.length; j += ${lanes}u) {
    let at = start + j * params.step;
    y[at] = (x[at] - mean) * factor;
  }`,
    ),
  });
}

export function normaliseGradientKernel({ lanes }: NormaliseVariant): Kernel {
  return kernel({
    name: `normalise gradient, ${lanes} lanes`,
    parameters: PARAMETERS,
    bindings: [
      { name: 'y', element: 'f32', access: 'read' },
      { name: 'statistics', element: 'f32', access: 'read' },
      { name: 'dy', element: 'f32', access: 'read' },
      { name: 'dx', element: 'f32', access: 'read_write' },
    ],
    body: ofVector(
      lanes,
      /* wgsl */ `
${sharedSum(lanes, 'total', 'params.length', 'dy[start + j * params.step]')}
${sharedSum(lanes, 'along', 'params.length', 'dy[start + j * params.step] * y[start + j * params.step]')}
  let mean = total / f32(params.length);
  let slope = along / f32(params.length);
  let factor = 1.0 / sqrt(statistics[params.vectors + vector] + params.epsilon);
  for (var j = lane; j < params.length; j += ${lanes}u) {
    let at = start + j * params.step;
    dx[at] = (dy[at] - mean - y[at] * slope) * factor;
  }`,
    ),
  });
}

export function normaliseGrid({ lanes }: NormaliseVariant, vectors: number): Grid {
  return lanes === 1 ? linearGrid(vectors) : workgroupGrid(vectors);
}

/** Rounds of loops of an invocation, of either kernel. */
export function normaliseRounds({ lanes }: NormaliseVariant, length: number): number {
  return 2 * sumRounds(length, lanes) + loopRounds(ceilDivide(length, lanes));
}

const PARAMETERS = [
  { name: 'vectors', type: 'u32' },
  { name: 'length', type: 'u32' },
  { name: 'vector_step', type: 'u32' },
  { name: 'step', type: 'u32' },
  { name: 'epsilon', type: 'f32' },
] as const;

/** WGSL that runs `body` for every vector, by `lanes` that are numbered `lane`. */
function ofVector(lanes: number, body: string): string {
  const squared = 'fn squared(x: f32) -> f32 { return x * x; }';
  const place = '  let start = vector * params.vector_step;';
  if (lanes === 1) {
    const own = `  let vector = i;\n${place}\n  {\n    let lane = 0u;\n${body}\n  }`;
    return `${squared}${eachElement('params.vectors', own)}`;
  }
  return /* wgsl */ `
${squared}
${sumMemory(lanes)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let vector = ${WORKGROUP};
  if (vector >= params.vectors) { return; }
${place}
${body}
}
`;
}
