import assert from 'node:assert/strict';
import type { Candidate } from '../../src/graph/device/kernel-choice.ts';
import { convolution, pictureColumns } from '../../src/graph/operations/convolution-operations.ts';
import { uploadConvolution, type Window } from '../../src/graph/weights/convolution-weight.ts';
import { csrFromDense } from '../../src/graph/weights/csr.ts';
import type { ValuePrecision } from '../../src/graph/weights/half-precision.ts';
import type { Epilogue } from '../../src/wgsl/product-epilogue.ts';
import { asFloats, compute, POISON, sink } from './compute.ts';
import { type ConvolutionCase, channelsLast, convolutionOracle, featureMajor } from './convolutions.ts';
import { gpuAs } from './device-class.ts';
import { floats, randomFrom } from './random.ts';

/** How a weight is held. */
export interface WeightForm {
  readonly format: 'sparse' | 'dense';
  readonly values: ValuePrecision;
}

/** What a kernel has to do. */
export interface ConvolutionTask {
  readonly window: Window;
  readonly halfValues: boolean;
  readonly epilogue: Epilogue;
  readonly filters: number;
  readonly pixels: number;
}

/** What is to be added to the result of a convolution, if anything. */
export function residualOf(one: ConvolutionCase): Float32Array | undefined {
  const { height, width } = convolutionOracle(one, undefined);
  if (one.residualSeed === undefined) return undefined;
  return floats(randomFrom(one.residualSeed), one.batch * height * width * one.filters, 4);
}

/**
 * Convolves with a kernel for weights as a GPU has them.
 * @returns `[batch, height, width, filters]`; nothing else was written
 */
export async function convolveWith(
  one: ConvolutionCase,
  { format, values }: WeightForm,
  make: (task: ConvolutionTask) => Candidate,
): Promise<Float32Array> {
  const { window, padAfter, batch, height, width, channels, filters, a, x, bias, relu } = one;
  const residual = residualOf(one);
  const { height: outHeight, width: outWidth } = convolutionOracle(one, undefined);
  const outPixels = batch * outHeight * outWidth;
  const { y } = await compute(await gpuAs('gpu'), (graph, scope) => {
    const upload = (pixels: Float32Array, rows: number, size: { height: number; width: number }) => {
      const columns = pictureColumns({ batch, ...size });
      const tensor = scope.upload('pictures', [rows, columns], featureMajor(pixels, rows, columns));
      return { tensor, batch, ...size };
    };
    const matrix = csrFromDense(a, filters, a.length / filters);
    const weight = uploadConvolution(scope, 'a', matrix, window, { bias, format, values });
    const output = { batch, height: outHeight, width: outWidth };
    const result = sink(scope, [filters, pictureColumns(output)]);
    graph.dispatchFastest = (_, parameters, tensors) => {
      const { pixels } = parameters;
      const epilogue = { relu, columnScale: false, residual: residual !== undefined };
      const { kernel, grid } = make({ window, halfValues: values === 'f16', epilogue, filters, pixels });
      graph.dispatch(kernel, grid, parameters, { ...tensors, result });
    };
    convolution(graph, weight, upload(x, channels, { height, width }), {
      relu,
      padAfter,
      ...(residual ? { residual: upload(residual, filters, output) } : {}),
    });
    return { y: result };
  });
  const columns = pictureColumns({ batch, height: outHeight, width: outWidth });
  const written = asFloats(y);
  written.forEach((value, at) => {
    const isPixel = at < filters * columns && at % columns < outPixels;
    assert.equal(value === POISON, !isPixel, `element ${at}`);
  });
  return channelsLast(written.subarray(0, filters * columns), filters, outPixels);
}
