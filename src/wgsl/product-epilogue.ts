import type { Binding } from './kernel.ts';
import { notANumber } from './not-a-number.ts';

/** What a product or convolution does to each sum before it is stored, in this order. */
export interface Epilogue {
  /** Multiply by a factor of the column: 0 takes a column out. */
  readonly columnScale: boolean;
  /** Add a matrix of the result's shape. */
  readonly residual: boolean;
  /** `max(0, ·)`; what is not a number stays so. */
  readonly relu: boolean;
}

/** How many columns a kernel stores at once. */
export type Lanes = 'f32' | 'vec4f';

/** The buffers the epilogue reads, along the columns. */
export function epilogueBindings(epilogue: Epilogue, element: Lanes = 'vec4f'): Binding[] {
  const bindings: Binding[] = [];
  if (epilogue.columnScale) bindings.push({ name: 'column_scale', element, access: 'read' });
  if (epilogue.residual) bindings.push({ name: 'residual', element, access: 'read' });
  return bindings;
}

/**
 * WGSL that stores the sums of one or four columns.
 * @param sum expression of the sum with the bias already in it
 * @param at expression of its index in the result, in elements
 * @param column expression of its column, in elements
 */
export function storeResult(
  epilogue: Epilogue,
  sum: string,
  at: string,
  column: string,
  element: Lanes = 'vec4f',
): string {
  let value = sum;
  if (epilogue.columnScale) value = `column_scale[${column}] * ${value}`;
  if (epilogue.residual) value = `residual[${at}] + ${value}`;
  if (!epilogue.relu) return `result[${at}] = ${value};`;
  return `{ let sum = ${value}; result[${at}] = select(max(sum, ${element}()), sum, ${notANumber('sum', element)}); }`;
}

/** A short tag for kernel names. */
export function epilogueTag(epilogue: Epilogue): string {
  return [
    epilogue.columnScale ? 'scale' : '',
    epilogue.residual ? 'residual' : '',
    epilogue.relu ? 'relu' : '',
  ]
    .filter((tag) => tag !== '')
    .map((tag) => `+${tag}`)
    .join('');
}
