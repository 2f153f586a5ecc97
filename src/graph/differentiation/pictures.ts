import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { Window } from '../../wgsl/training/window.ts';
import type { GraphTensor } from '../plan/node.ts';
import { requireExtents } from './shapes.ts';

/**
 * How many pictures of which size lie in the columns of an activation: column `(picture · height + y) · width
 * + x`.
 */
export interface Pictures {
  /** How many. */
  readonly count: number;
  /** Pixels of a column of one. */
  readonly height: number;
  /** Pixels of a row of one. */
  readonly width: number;
}

/**
 * What surrounds a picture: nothing (`valid`); zeros so that the output has ⌈size / stride⌉ pixels, more of
 * them after than before where they are odd (`same`, TensorFlow's rule); or as many as the kernel is large
 * less one, split alike, whatever the size (`fixed`, the original ResNet's rule for strides).
 */
export type Padding = 'valid' | 'same' | 'fixed';

/** A window that slides over pictures. */
export interface Sliding {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Pictures that come out of a window sliding over others. */
export function picturesAfter(pictures: Pictures, sliding: Sliding): Pictures {
  const { out_height: height, out_width: width } = windowOver('window', pictures, sliding);
  return { count: pictures.count, height, width };
}

/** @throws {UsageError} for a stride or padding that cannot be, and when the window does not fit into the pictures. */
export function windowOver(operation: string, pictures: Pictures, sliding: Sliding): Window {
  const { count, height, width } = pictures;
  const { kernelHeight, kernelWidth, stride, padding } = sliding;
  checkNumber(`stride of ${operation}`, stride, isWhole, 'a positive whole number');
  checkOneOf(`padding of ${operation}`, padding, ['valid', 'same', 'fixed']);
  const vertical = along(height, kernelHeight, stride, padding);
  const horizontal = along(width, kernelWidth, stride, padding);
  if (vertical.out < 1 || horizontal.out < 1) {
    throw new UsageError(
      `${operation}: a window of ${kernelHeight} x ${kernelWidth} does not fit into ${height} x ${width} pixels.`,
    );
  }
  return {
    pictures: count,
    height,
    width,
    out_height: vertical.out,
    out_width: horizontal.out,
    kernel_height: kernelHeight,
    kernel_width: kernelWidth,
    stride,
    top: vertical.before,
    left: horizontal.before,
  };
}

/** Checks that an activation holds pictures of that size. @returns its channels */
export function channelsOf(operation: string, x: GraphTensor, pictures: Pictures): number {
  const { count, height, width } = pictures;
  return requireExtents(operation, x, { columns: count * height * width }).rows;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function along(
  size: number,
  kernel: number,
  stride: number,
  padding: Padding,
): { out: number; before: number } {
  const total =
    padding === 'valid'
      ? 0
      : padding === 'fixed'
        ? kernel - 1
        : Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  return { out: Math.floor((size + total - kernel) / stride) + 1, before: Math.floor(total / 2) };
}
