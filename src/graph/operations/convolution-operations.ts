import { UsageError } from '../../base/errors.ts';
import { AVERAGE_POOL, averagePoolGrid } from '../../wgsl/average-pool.ts';
import type { Window } from '../../wgsl/convolution.ts';
import { denseConvolutionGrid, denseConvolutionKernel } from '../../wgsl/dense-convolution.ts';
import { maxPoolGrid, maxPoolKernel } from '../../wgsl/max-pool.ts';
import { NORMALISE_PICTURES, normalisePicturesGrid } from '../../wgsl/normalise-pictures.ts';
import { epilogueTag } from '../../wgsl/product-epilogue.ts';
import { sparseConvolutionGrid, sparseConvolutionKernel } from '../../wgsl/sparse-convolution.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';
import { choiceOf, weightClass } from '../tuning/candidates.ts';
import { denseConvolutionTilings, sparseConvolutionTilings } from '../tuning/tilings.ts';
import { columnAlignment } from '../tuning/variants.ts';
import { type ConvolutionWeight, convolutionName } from '../weights/convolution-weight.ts';
import { type ProductOptions, product } from './operations.ts';

/*
 * Operations on pictures. Each records its dispatches in the graph, with the kernel variant that suits the device, and
 * returns the pictures they write.
 */

/** Pictures of one size. */
export interface Pictures {
  /** `[channels, columns]`: column (b·height + y)·width + x, columns padded to a multiple of 4. */
  readonly tensor: GraphTensor;
  /** B */
  readonly batch: number;
  /** Y */
  readonly height: number;
  /** X */
  readonly width: number;
}

/** Columns of a tensor with so many pictures. */
export function pictureColumns({ batch, height, width }: Omit<Pictures, 'tensor'>): number {
  const pixels = batch * height * width;
  const alignment = columnAlignment(pixels);
  return Math.ceil(pixels / alignment) * alignment;
}

/** Pixels along one side of what a window gives, stepping over `extent` pixels with `padAfter` zeros behind them. */
export function windowExtent({ size, stride, padBefore }: Window, extent: number, padAfter: number): number {
  return Math.floor((padBefore + extent + padAfter - size) / stride) + 1;
}

/** What a convolution does after the sum and its bias. */
export type ConvolutionOptions = Pick<ProductOptions, 'relu'> & {
  /** Pictures to add, of the result's shape. */
  readonly residual?: Pictures;
  /** Zeros behind the last pixel of a row and the last row; as many as before the first unless given. */
  readonly padAfter?: number;
};

/** `weight * x (+ bias) (+ residual)`, cross-correlation as TensorFlow's, sparse or dense as the weight is held. */
export function convolution(
  graph: Graph,
  weight: ConvolutionWeight,
  x: Pictures,
  options: ConvolutionOptions = {},
): Pictures {
  const { window, rows, channels, name, halfValues } = weight;
  const { relu = false, residual, padAfter = window.padBefore } = options;
  if (x.tensor.shape[0] !== channels) {
    throw new UsageError(`${name} takes ${channels} channels, ${x.tensor.name} has ${x.tensor.shape[0]}`);
  }
  const size = sizeThrough(name, window, x, padAfter);
  const columns = pictureColumns(size);
  if (residual && (residual.tensor.shape[0] !== rows || residual.tensor.shape[1] !== columns)) {
    throw new UsageError(
      `${name} gives [${rows}, ${columns}], the residual is [${residual.tensor.shape.join(', ')}]`,
    );
  }
  const added = residual ? { residual: residual.tensor } : {};
  if (weight.kind === 'pointwise') {
    return { tensor: product(graph, weight.weight, x.tensor, { ...added, relu }), ...size };
  }
  const result = graph.tensor(name, [rows, columns]);
  const parameters = { rows, ...pictureParameters(x, size) };
  const tensors = { x: x.tensor, ...added, result };
  const epilogue = { relu, columnScale: false, residual: residual !== undefined };
  const { gpu } = graph;
  const { pixels } = parameters;
  const dispatch = {
    weight: weightClass(convolutionName(window), weight, window.size ** 2 * channels),
    format: weight.kind,
    use: `${x.batch} x ${x.height} x ${x.width} pixels${halfValues ? ', half' : ''}${epilogueTag(epilogue)}`,
  };
  if (weight.kind === 'sparse') {
    const choice = choiceOf(
      gpu,
      dispatch,
      sparseConvolutionTilings(gpu, { filters: rows, pixels }),
      (tiling) => {
        const variant = { window, halfValues, epilogue, ...tiling };
        return {
          kernel: sparseConvolutionKernel(variant),
          grid: sparseConvolutionGrid(variant, rows, pixels),
        };
      },
    );
    graph.dispatchFastest(choice, parameters, {
      rows_of_a: weight.swizzledRows,
      segments_of_a: weight.segments,
      entries_of_a: weight.entries,
      ...tensors,
    });
  } else {
    const choice = choiceOf(
      gpu,
      dispatch,
      denseConvolutionTilings(gpu, { filters: rows, pixels }),
      (tiling) => {
        const variant = { window, halfValues, epilogue, ...tiling };
        return { kernel: denseConvolutionKernel(variant), grid: denseConvolutionGrid(variant, rows, pixels) };
      },
    );
    graph.dispatchFastest(
      choice,
      { channels, row_size: weight.values.shape[1], ...parameters },
      { a: weight.values, bias: weight.bias, ...tensors },
    );
  }
  return { tensor: result, ...size };
}

/** Largest value in every window; what lies outside the picture never wins, what is not a number always does. */
export function maxPool(graph: Graph, window: Window, x: Pictures, padAfter: number): Pictures {
  const [channels] = x.tensor.shape;
  const size = sizeThrough('max pool', window, x, padAfter);
  const tensor = graph.tensor('max pool', [channels, pictureColumns(size)]);
  const parameters = pictureParameters(x, size);
  graph.dispatch(maxPoolKernel({ window }), maxPoolGrid(channels, parameters.pixels), parameters, {
    x: x.tensor,
    y: tensor,
  });
  return { tensor, ...size };
}

/** Mean over all pixels of every picture: `[channels, batch]`, the batch padded to a multiple of 4 with zeros. */
export function averagePool(graph: Graph, x: Pictures): GraphTensor {
  const [channels, inColumns] = x.tensor.shape;
  const outColumns = Math.ceil(x.batch / 4) * 4;
  const y = graph.tensor('average pool', [channels, outColumns]);
  graph.dispatch(
    AVERAGE_POOL,
    averagePoolGrid(channels, outColumns),
    {
      channels,
      pictures: x.batch,
      area: x.height * x.width,
      in_columns: inColumns,
      out_columns: outColumns,
    },
    { x: x.tensor, y },
  );
  return y;
}

/** A number for each of red, green and blue. */
export type PerChannel = readonly [red: number, green: number, blue: number];

/** `(pictures − mean) / deviation`, from `pictures [B, height, width, 3]`. */
export function normalisePictures(
  graph: Graph,
  pictures: GraphTensor,
  mean: PerChannel,
  deviation: PerChannel,
): Pictures {
  const [batch, height, width] = pictures.shape;
  const size = { batch, height, width };
  const columns = pictureColumns(size);
  const pixels = batch * height * width;
  const tensor = graph.tensor('normalised pictures', [3, columns]);
  graph.dispatch(
    NORMALISE_PICTURES,
    normalisePicturesGrid(pixels),
    {
      pixels,
      columns,
      mean_red: mean[0],
      mean_green: mean[1],
      mean_blue: mean[2],
      deviation_red: deviation[0],
      deviation_green: deviation[1],
      deviation_blue: deviation[2],
    },
    { pictures, x: tensor },
  );
  return { tensor, ...size };
}

/**
 * Size of what a window gives, stepping over pictures.
 * @throws {UsageError} where that is nothing, or where a window could lie beside the picture.
 */
function sizeThrough(
  name: string,
  window: Window,
  { batch, height, width }: Pictures,
  padAfter: number,
): Omit<Pictures, 'tensor'> {
  const { size, padBefore } = window;
  if (Math.max(padBefore, padAfter) >= size) {
    throw new UsageError(
      `${name}: ${padBefore} zeros before and ${padAfter} behind a picture; a window of ${size} pixels allows ${size - 1}`,
    );
  }
  const [outHeight, outWidth] = [height, width].map((extent) => windowExtent(window, extent, padAfter));
  if (outHeight < 1 || outWidth < 1) {
    throw new UsageError(`${name}: a window of ${size} pixels over pictures of ${height} x ${width}`);
  }
  return { batch, height: outHeight, width: outWidth };
}

function pictureParameters(x: Pictures, y: Omit<Pictures, 'tensor'>) {
  return {
    out_columns: pictureColumns(y),
    in_columns: x.tensor.shape[1],
    pixels: y.batch * y.height * y.width,
    out_height: y.height,
    out_width: y.width,
    in_height: x.height,
    in_width: x.width,
  };
}
