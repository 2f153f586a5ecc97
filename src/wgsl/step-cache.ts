import { ceilDivide, type KernelParts, unroll } from './kernel.ts';
import { ancestorIn } from './lineage.ts';

/**
 * What the kernels of cached self-attention share: a step's own keys and values are appended to the cache, and every hypothesis
 * attends to positions 0 … step. A cache is never moved when beams are reordered: hypothesis `c` finds its key of position `t` in
 * the slot of its sentence that is its ancestor there (`lineage`).
 *
 *     cache[t, slot, head, d]      d contiguous, padded to a multiple of 4
 *     projected [3H, columns]      rows: queries, keys, values of this step
 */
export interface StepCache {
  /** D: features of a head. */
  readonly headSize: number;
  /** H: features of all heads. */
  readonly hidden: number;
  /** Hypotheses of a sentence, which change places between steps; 1 in greedy decoding. */
  readonly beam: number;
}

/** vec4 that a head takes in the cache. */
export function headVectors(headSize: number): number {
  return ceilDivide(headSize, 4);
}

/** Parameters and bindings of a kernel. */
export function stepInterface({ beam }: StepCache): Pick<KernelParts, 'parameters' | 'bindings'> {
  return {
    parameters: [
      { name: 'hypotheses', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'scale', type: 'f32' },
    ],
    bindings: [
      { name: 'control', element: 'u32', access: 'read' },
      { name: 'projected', element: 'f32', access: 'read' },
      ...(beam > 1 ? [{ name: 'lineage', element: 'u32', access: 'read' } as const] : []),
      { name: 'key_cache', element: 'vec4f', access: 'read_write' },
      { name: 'value_cache', element: 'vec4f', access: 'read_write' },
      { name: 'output', element: 'f32', access: 'read_write' },
    ],
  };
}

/** Of a kernel's name. */
export function stepName({ hidden, headSize, beam }: StepCache, lanes: string): string {
  return `attention step ${hidden}/${headSize} features, ${lanes}${beam > 1 ? `, beam ${beam}` : ''}`;
}

/** WGSL that says which hypothesis and head `pair` is, and at which step. */
export function placePair({ beam }: StepCache): string {
  return `  let column = pair % params.hypotheses;
  let head = pair / params.hypotheses;
${beam > 1 ? `  let first_slot = column - column % ${beam}u;` : ''}
  let n = params.columns;
  let step = control[0];`;
}

/** WGSL expression: the slot that a hypothesis has its key and value of position `t` in. */
export function ancestorSlot({ beam }: StepCache): string {
  return beam > 1 ? `first_slot + ${ancestorIn('lineage[t * params.hypotheses + column]')}` : 'column';
}

/** WGSL expression: where the vec4 of `head` begin in a cache. */
export function inCache({ hidden, headSize }: StepCache, position: string, slot: string): string {
  return `((${position} * params.hypotheses + ${slot}) * ${hidden / headSize}u + head) * ${headVectors(headSize)}u`;
}

/** WGSL expression: vec4 `v` of the head's projected features, zero past its end. @param row where those of all heads begin */
export function gatherHead({ headSize }: StepCache, row: number): string {
  const feature = (i: number) => {
    const at = `v * 4u + ${i}u`;
    const inside = headSize % 4 === 0 ? at : `min(${at}, ${headSize - 1}u)`;
    const value = `projected[(${row}u + head * ${headSize}u + ${inside}) * n + column]`;
    return headSize % 4 === 0 ? value : `select(0.0, ${value}, ${at} < ${headSize}u)`;
  };
  return `vec4f(${unroll(4, feature, ', ')})`;
}

/** WGSL that stores a vec4 of one head, without the features past its end. */
export function storeHead({ headSize }: StepCache): (index: string, value: string) => string {
  return (index, value) => {
    const parts = unroll(
      4,
      (i) => `
    if (${index} * 4u + ${i}u < ${headSize}u) {
      output[(head * ${headSize}u + ${index} * 4u + ${i}u) * n + column] = part[${i}];
    }`,
      '',
    );
    return `{ let part = ${value};${parts} }`;
  };
}
