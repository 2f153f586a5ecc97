import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import type { LinearMap } from './linear-map.ts';
import { filledTensor, requireRank, shapeText } from './tensor.ts';

/** How a kernel steps over pictures. */
export interface ConvolutionOptions {
  /** Pixels from one window to the next, `[down, right]`. */
  readonly strides: readonly [number, number];
  /** TensorFlow's padding: `SAME` gives `⌈size / stride⌉` pixels, with zeros at the edges, `VALID` uses no zeros. */
  readonly padding: 'SAME' | 'VALID';
  /** Only pictures `[batch, height, width, channels]`. */
  readonly dataFormat?: 'NHWC';
}

/**
 * Convolution of pictures `x [B, H, W, I]` with `w [kh, kw, I, O]` to `[B, H', W', O]`. As usual for the name, kernels are
 * not flipped.
 * @throws {UsageError} for strides that are no positive whole numbers, another padding or data format.
 */
export function convolutionMap(options: ConvolutionOptions): LinearMap {
  checkConvolution(options);
  const { strides, padding } = options;
  const place = (x: readonly number[], weights: readonly number[]): Place => ({
    rows: windows(x[1], weights[0], strides[0], padding),
    columns: windows(x[2], weights[1], strides[1], padding),
  });
  return {
    check(x, weights) {
      requireRank('x', x, 4, '[batch, height, width, channels]');
      requireRank('the weight', weights, 4, '[kernel height, kernel width, channels, outputs]');
      if (x.shape[3] !== weights.shape[2]) {
        throw new UsageError(
          `x ${shapeText(x.shape)} has ${x.shape[3]} channels, the weight ${shapeText(weights.shape)} expects ${weights.shape[2]}`,
        );
      }
      const { rows, columns } = place(x.shape, weights.shape);
      if (rows.count < 1 || columns.count < 1) {
        throw new UsageError(
          `x ${shapeText(x.shape)} is smaller than the kernel ${shapeText(weights.shape)}, which VALID padding needs whole`,
        );
      }
    },
    apply(x, weights) {
      const at = place(x.shape, weights.shape);
      const y = filledTensor([x.shape[0], at.rows.count, at.columns.count, weights.shape[3]], 0);
      meet(at, y.shape, x.shape, weights.shape, (yAt, xAt, wAt, outputs) => {
        for (let o = 0; o < outputs; o++) y.data[yAt + o] += x.data[xAt] * weights.data[wAt + o];
      });
      return y;
    },
    inputGradient(dy, weights, xShape) {
      const dx = filledTensor(xShape, 0);
      meet(place(xShape, weights.shape), dy.shape, xShape, weights.shape, (yAt, xAt, wAt, outputs) => {
        for (let o = 0; o < outputs; o++) dx.data[xAt] += dy.data[yAt + o] * weights.data[wAt + o];
      });
      return dx;
    },
    weightGradient(dy, x, weightShape) {
      const dw = filledTensor(weightShape, 0);
      meet(place(x.shape, weightShape), dy.shape, x.shape, weightShape, (yAt, xAt, wAt, outputs) => {
        for (let o = 0; o < outputs; o++) dw.data[wAt + o] += x.data[xAt] * dy.data[yAt + o];
      });
      return dw;
    },
    noiseShape: (yShape) => yShape,
  };
}

/** @throws {UsageError} for strides that are no positive whole numbers, another padding or data format. */
export function checkConvolution(options: ConvolutionOptions): void {
  requireOptions('convolution', options, ['strides', 'padding']);
  const { strides, padding, dataFormat = 'NHWC' } = options;
  checkTwoSizes('strides', strides, '[down, right]');
  if (padding !== 'SAME' && padding !== 'VALID') {
    throw new UsageError(`padding is "${padding}", expected SAME or VALID`);
  }
  if (dataFormat !== 'NHWC') throw new UsageError(`data format is "${dataFormat}", only NHWC is supported`);
}

/** Refuses anything but two positive whole numbers. */
export function checkTwoSizes(name: string, sizes: readonly number[], what: string): void {
  const fits = Array.isArray(sizes) && sizes.length === 2 && sizes.every((n) => Number.isInteger(n) && n > 0);
  if (fits) return;
  const given = Array.isArray(sizes) ? shapeText(sizes) : String(sizes);
  throw new UsageError(`${name} are ${given}, expected two positive whole numbers, ${what}`);
}

/** Windows along one side of a picture. */
interface Windows {
  readonly count: number;
  readonly stride: number;
  /** Zeros before the first pixel. */
  readonly before: number;
}

interface Place {
  readonly rows: Windows;
  readonly columns: Windows;
}

function windows(size: number, kernel: number, stride: number, padding: 'SAME' | 'VALID'): Windows {
  if (padding === 'VALID') return { count: Math.ceil((size - kernel + 1) / stride), stride, before: 0 };
  const count = Math.ceil(size / stride);
  return { count, stride, before: Math.floor(Math.max((count - 1) * stride + kernel - size, 0) / 2) };
}

/** Visits every (output pixel, input value, row of the kernel) that belong together, by their offsets. */
function meet(
  { rows, columns }: Place,
  yShape: readonly number[],
  xShape: readonly number[],
  wShape: readonly number[],
  visit: (yAt: number, xAt: number, wAt: number, outputs: number) => void,
): void {
  const [, height, width, channels] = xShape;
  const [kernelHeight, kernelWidth, , outputs] = wShape;
  for (let pixel = 0; pixel < yShape[0] * rows.count * columns.count; pixel++) {
    const column = pixel % columns.count;
    const row = Math.floor(pixel / columns.count) % rows.count;
    const batch = Math.floor(pixel / (rows.count * columns.count));
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = row * rows.stride + ky - rows.before;
      if (y < 0 || y >= height) continue;
      for (let kx = 0; kx < kernelWidth; kx++) {
        const x = column * columns.stride + kx - columns.before;
        if (x < 0 || x >= width) continue;
        for (let channel = 0; channel < channels; channel++) {
          const xAt = ((batch * height + y) * width + x) * channels + channel;
          visit(pixel * outputs, xAt, ((ky * kernelWidth + kx) * channels + channel) * outputs, outputs);
        }
      }
    }
  }
}
