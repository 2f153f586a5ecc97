import type { Binding } from './kernel.ts';

/** What a product does to each sum before it is stored, in this order. */
export interface Epilogue {
  /** `max(0, ·)` after the bias. */
  readonly relu: boolean;
  /** Multiply by a factor of the column: 0 takes a column out. */
  readonly columnScale: boolean;
  /** Add a matrix of the result's shape. */
  readonly residual: boolean;
}

/** The buffers the epilogue reads, as `vec4f` along the columns. */
export function epilogueBindings(epilogue: Epilogue): Binding[] {
  const bindings: Binding[] = [];
  if (epilogue.columnScale) bindings.push({ name: 'column_scale', element: 'vec4f', access: 'read' });
  if (epilogue.residual) bindings.push({ name: 'residual', element: 'vec4f', access: 'read' });
  return bindings;
}

/**
 * WGSL that stores one vec4 of sums.
 * @param sum expression of the sum with the bias already in it
 * @param at expression of its index in the result, in vec4
 * @param column expression of its column, in vec4
 */
export function storeResult(epilogue: Epilogue, sum: string, at: string, column: string): string {
  let value = epilogue.relu ? `max(${sum}, vec4f())` : sum;
  if (epilogue.columnScale) value = `column_scale[${column}] * ${value}`;
  if (epilogue.residual) value = `residual[${at}] + ${value}`;
  return `result[${at}] = ${value};`;
}

/** A short tag for kernel names. */
export function epilogueTag(epilogue: Epilogue): string {
  return [
    epilogue.relu ? 'relu' : '',
    epilogue.columnScale ? 'scale' : '',
    epilogue.residual ? 'residual' : '',
  ]
    .filter((tag) => tag !== '')
    .map((tag) => `+${tag}`)
    .join('');
}
