import { valueText } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';

/** A dense tensor of float64 numbers, row-major: what the reference forms of the layers compute with. */
export interface DenseTensor {
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** As many elements as the shape says. */
  readonly data: Float64Array;
}

/** What every kind of tensor has. */
export interface Shaped {
  readonly shape: readonly number[];
}

/**
 * A tensor with the given values, copied.
 * @param shape extents of at least 1; `[]` is a scalar
 * @throws {UsageError} for an extent that is no positive whole number (an empty batch is refused), or another number of values
 *   than the shape has elements.
 */
export function denseTensor(shape: readonly number[], values: ArrayLike<number>): DenseTensor {
  const count = elementCount(shape);
  if (values.length !== count) {
    throw new UsageError(`tensor ${shapeText(shape)}: ${values.length} values for ${count} elements`);
  }
  return { shape: [...shape], data: Float64Array.from(values) };
}

/** A tensor full of one value. @throws {UsageError} as `denseTensor`. */
export function filledTensor(shape: readonly number[], value: number): DenseTensor {
  return { shape: [...shape], data: new Float64Array(elementCount(shape)).fill(value) };
}

/** `f` of the elements of tensors of one shape, element by element. */
export function elementwise(f: (...values: number[]) => number, ...tensors: DenseTensor[]): DenseTensor {
  requireTensor('an operand', tensors[0]);
  const [{ shape }] = tensors;
  for (const tensor of tensors) requireShape('an operand', tensor, shape);
  const data = new Float64Array(tensors[0].data.length);
  const values = new Array<number>(tensors.length);
  for (let i = 0; i < data.length; i++) {
    for (let t = 0; t < values.length; t++) values[t] = tensors[t].data[i];
    data[i] = f(...values);
  }
  return { shape, data };
}

/** The same elements in another shape. @throws {UsageError} where their numbers differ. */
export function reshaped({ data }: DenseTensor, shape: readonly number[]): DenseTensor {
  if (elementCount(shape) !== data.length) {
    throw new UsageError(`${data.length} elements cannot take the shape ${shapeText(shape)}`);
  }
  return { shape: [...shape], data };
}

export function sumOf({ data }: DenseTensor): number {
  return data.reduce((sum, value) => sum + value, 0);
}

/** Refuses what is no tensor, and a tensor with another number of values than its shape has elements. */
export function requireTensor(what: string, tensor: Shaped | undefined): void {
  const { shape, data }: Partial<DenseTensor> = tensor ?? {};
  if (!Array.isArray(shape)) {
    throw new UsageError(
      `${what} is ${valueText(tensor)}, expected a tensor such as denseTensor(shape, values)`,
    );
  }
  // Values of a tensor on a device are not here.
  if (data !== undefined && data.length !== elementCount(shape)) {
    throw new UsageError(`${what} is ${shapeText(shape)}, but has ${data.length} values`);
  }
}

/** Refuses a tensor that is not of a shape; `undefined` extents may be any. */
export function requireShape(what: string, tensor: Shaped, expected: readonly (number | undefined)[]): void {
  requireTensor(what, tensor);
  const { shape } = tensor;
  const fits =
    shape.length === expected.length &&
    expected.every((extent, axis) => extent === undefined || extent === shape[axis]);
  if (!fits) throw new UsageError(`${what} is ${shapeText(shape)}, expected ${shapeText(expected)}`);
}

/** Refuses a tensor of another rank. */
export function requireRank(what: string, tensor: Shaped, rank: number, axes: string): void {
  requireTensor(what, tensor);
  const { shape } = tensor;
  if (shape.length !== rank) {
    throw new UsageError(`${what} is ${shapeText(shape)}, expected rank ${rank}: ${axes}`);
  }
}

/** `[2, 3]`; extents that may be any are shown as `?`. */
export function shapeText(shape: readonly (number | undefined)[]): string {
  return `[${shape.map((extent) => extent ?? '?').join(', ')}]`;
}

/** Elements of a tensor of a shape. @throws {UsageError} for an extent that is no positive whole number. */
export function elementCount(shape: readonly number[]): number {
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 1) {
      throw new UsageError(`tensor ${shapeText(shape)}: every extent must be a positive whole number`);
    }
  }
  return shape.reduce((product, extent) => product * extent, 1);
}
