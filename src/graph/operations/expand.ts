import { UsageError } from '../../base/errors.ts';
import { expandGrid, expandKernel } from '../../wgsl/training/expand.ts';
import { elements } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';

/** Extents of four axes. */
export type FourAxes = readonly [number, number, number, number];

/**
 * Repeats a tensor along the axes of which it has one, to `extents`.
 * @param x elements in row-major order of its own extents, each that of the result or 1
 * @param shape of the result, with as many elements as the extents say
 * @throws {UsageError} where the extents do not fit each other, x or the shape.
 */
export function expand(
  graph: Graph,
  x: GraphTensor,
  {
    own,
    extents,
    shape,
  }: { readonly own: FourAxes; readonly extents: FourAxes; readonly shape: readonly number[] },
): GraphTensor {
  const y = graph.tensor(`${x.name} expanded`, shape);
  const product = (axes: readonly number[]) => axes.reduce((count, extent) => count * extent, 1);
  const fits = own.every((extent, axis) => extent === 1 || extent === extents[axis]);
  if (!fits || product(own) !== elements(x) || product(extents) !== elements(y)) {
    throw new UsageError(
      `${x.name} [${x.shape.join(', ')}] as [${own.join(', ')}] cannot be repeated to [${extents.join(', ')}] as [${shape.join(', ')}]`,
    );
  }
  const strides = own.map((extent, axis) => (extent === 1 ? 0 : product(own.slice(axis + 1))));
  const count = elements(y);
  graph.dispatch(
    expandKernel(),
    expandGrid(count),
    {
      count,
      ...Object.fromEntries([1, 2, 3].map((axis) => [`extent${axis}`, extents[axis]])),
      ...Object.fromEntries(strides.map((stride, axis) => [`stride${axis}`, stride])),
    },
    { x, y },
  );
  return y;
}
