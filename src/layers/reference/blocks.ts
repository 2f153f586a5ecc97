import { type DenseTensor, filledTensor } from './tensor.ts';

/** Rows of a matrix: the first `count`, and the rest. */
export function splitRows({ data, shape }: DenseTensor, count: number): [DenseTensor, DenseTensor] {
  const [rows, columns] = shape;
  return [
    { shape: [count, columns], data: data.subarray(0, count * columns) },
    { shape: [rows - count, columns], data: data.subarray(count * columns) },
  ];
}

/** Matrices below each other. */
export function stackRows(parts: readonly DenseTensor[]): DenseTensor {
  const [{ shape }] = parts;
  const rows = parts.reduce((total, part) => total + part.shape[0], 0);
  const data = new Float64Array(rows * shape[1]);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [rows, shape[1]], data };
}

/** A matrix cut into equal parts side by side. */
export function blocksAcross({ data, shape: [rows, columns] }: DenseTensor, parts: number): DenseTensor[] {
  const width = columns / parts;
  return Array.from({ length: parts }, (_, part) => {
    const block = filledTensor([rows, width], 0);
    for (let row = 0; row < rows; row++) {
      const from = row * columns + part * width;
      block.data.set(data.subarray(from, from + width), row * width);
    }
    return block;
  });
}

/** Matrices of one shape side by side. */
export function joinedAcross(blocks: readonly DenseTensor[]): DenseTensor {
  const [rows, width] = blocks[0].shape;
  const whole = filledTensor([rows, width * blocks.length], 0);
  blocks.forEach((block, part) => {
    for (let row = 0; row < rows; row++) {
      const to = row * width * blocks.length + part * width;
      whole.data.set(block.data.subarray(row * width, (row + 1) * width), to);
    }
  });
  return whole;
}

/** Sums down the columns, over all axes but the last. */
export function columnSums({ data, shape }: DenseTensor): DenseTensor {
  const columns = shape[shape.length - 1];
  const sums = filledTensor([columns], 0);
  for (let i = 0; i < data.length; i++) sums.data[i % columns] += data[i];
  return sums;
}
