import { convolution, pictureColumns } from '../../src/graph/operations/convolution-operations.ts';
import { product } from '../../src/graph/operations/operations.ts';
import { uploadConvolution } from '../../src/graph/weights/convolution-weight.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import type { ResNetLayerShape } from '../../src/models/full-size/resnet-layers.ts';
import type { FormatComparison } from './compare-formats.ts';
import type { ProductShape } from './layers.ts';
import type { BenchMatrix } from './matrices.ts';

/** A product of a model, sparse against dense. */
export function productComparison(
  { name, rows, cols, n }: ProductShape,
  matrices: readonly BenchMatrix[],
): FormatComparison {
  return {
    name,
    n,
    matrices,
    record(graph, scope, matrix, format) {
      const weight = uploadWeight(scope, name, matrix, { format });
      const b = scope.upload('B', [cols, n], cosines(cols * n));
      product(graph, weight, b, { into: scope.tensor('C', [rows, n]) });
    },
  };
}

/** A convolution of ResNet-50 over one picture, or its final dense layer, sparse against dense. */
export function convolutionComparison(
  { name, channels, window, side, outSide }: ResNetLayerShape,
  matrices: readonly BenchMatrix[],
): FormatComparison {
  const input = { batch: 1, height: side, width: side };
  const columns = pictureColumns(input);
  return {
    name,
    n: outSide ** 2,
    matrices,
    record(graph, scope, matrix, format) {
      const weight = uploadConvolution(scope, name, matrix, window, { format });
      const tensor = scope.upload('pictures', [channels, columns], cosines(channels * columns));
      convolution(graph, weight, { tensor, ...input });
    },
  };
}

/** Operands whose values do not matter: neither large nor zero, the same in every run. */
export function cosines(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.cos(i));
}
