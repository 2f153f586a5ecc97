import { convolution } from '../../src/graph/differentiation/convolution.ts';
import { relu } from '../../src/graph/differentiation/elementwise.ts';
import type { Pictures, Sliding } from '../../src/graph/differentiation/pictures.ts';
import { maxPool } from '../../src/graph/differentiation/pool.ts';
import type { Tape } from '../../src/graph/differentiation/tape.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import { type DeviceLinearMap, matmulMap } from '../../src/layers/device/linear-map.ts';
import { DIGIT_PIXELS, DIGIT_SIZE } from './digits.ts';

/** A linear layer of a small network, with its weights as the technique has them and its bias. */
export type ApplyLayer = (
  index: number,
  map: DeviceLinearMap,
  x: GraphTensor,
  columns: number,
) => GraphTensor;

/** A network that tells digits apart, small enough to be trained within a test. */
export interface SmallNet {
  /** Shapes of the kernels, their outputs last. */
  readonly kernels: readonly (readonly number[])[];
  /** Puts pictures, row-major one after the other, into a tensor of the network's shape. */
  arrange(pictures: Float32Array): { shape: readonly number[]; data: Float32Array };
  /** `[10, count]` */
  logits(tape: Tape, x: GraphTensor, count: number, apply: ApplyLayer): GraphTensor;
}

/** Two fully connected layers. */
export const PERCEPTRON: SmallNet = {
  kernels: [
    [DIGIT_PIXELS, 64],
    [64, 10],
  ],
  arrange(pictures) {
    const count = pictures.length / DIGIT_PIXELS;
    const data = pictures.map((_, i) => pictures[(i % count) * DIGIT_PIXELS + Math.floor(i / count)]);
    return { shape: [DIGIT_PIXELS, count], data };
  },
  logits(tape, x, count, apply) {
    return apply(1, matmulMap(tape), relu(tape, apply(0, matmulMap(tape), x, count)), count);
  },
};

/** Three convolutions; the last sees what two pools have left of the picture, 2 × 2 pixels. */
export const CONVOLUTIONAL: SmallNet = {
  kernels: [
    [3, 3, 1, 4],
    [3, 3, 4, 8],
    [2, 2, 8, 10],
  ],
  arrange: (pictures) => ({ shape: [1, pictures.length], data: pictures }),
  logits(tape, x, count, apply) {
    const pool: Sliding = { kernelHeight: 2, kernelWidth: 2, stride: 2, padding: 'valid' };
    const layer = (index: number, input: GraphTensor, size: number) => {
      const pictures: Pictures = { count, height: size, width: size };
      const map: DeviceLinearMap = (each, weights) =>
        convolution(tape, weights, each, { pictures, stride: 1, padding: 'same' });
      return maxPool(tape, relu(tape, apply(index, map, input, count * size * size)), pictures, pool);
    };
    const small = layer(1, layer(0, x, DIGIT_SIZE), DIGIT_SIZE / 2);
    const pictures: Pictures = { count, height: 2, width: 2 };
    const whole: DeviceLinearMap = (each, weights) =>
      convolution(tape, weights, each, { pictures, stride: 1, padding: 'valid' });
    return apply(2, whole, small, count);
  },
};
