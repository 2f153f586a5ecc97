import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { checkStream, type RandomKey } from '../../base/random.ts';
import { type RandomVariant, randomGrid, randomKernel } from '../../wgsl/random.ts';
import { type DeviceTensor, elements, type Scope, write } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';
import type { GraphTensor } from '../plan/node.ts';

/** A key on the device, for the draws of a plan; `writeKey` changes it between two runs. */
export function uploadKey(scope: Scope, key: RandomKey): DeviceTensor {
  return scope.upload('random key', [2], Uint32Array.from(key));
}

/** Replaces a key: the next run of the plan draws other numbers. */
export function writeKey(scope: Scope, tensor: DeviceTensor, key: RandomKey): void {
  write(scope.gpu, tensor, Uint32Array.from(key));
}

/**
 * Random numbers of a stream of the key, as `uniforms` and `normals` give them on the host.
 * @param key `[2]`, see `uploadKey`
 * @param shape at most 2³² elements; with 'column-major' order `[F, N]`, of which column n gets numbers `n F … n F + F − 1`
 * @throws {UsageError} for another stream, and an order by columns of what is no matrix.
 */
export function randomNumbers(
  graph: Graph,
  key: GraphTensor,
  shape: readonly number[],
  options: RandomVariant & {
    /** Tells the draws of one key apart, a whole number below 2³². */
    readonly stream: number;
  },
): GraphTensor {
  requireOptions('randomNumbers', options, ['distribution', 'order', 'stream']);
  const { distribution, order, stream } = options;
  checkStream(stream);
  const values = graph.tensor(distribution, shape);
  const count = elements(values);
  if (order === 'column-major' && shape.length !== 2) {
    throw new UsageError(
      `random numbers by columns need a shape [features, columns], not [${shape.join(', ')}]`,
    );
  }
  graph.dispatch(
    randomKernel({ distribution, order }),
    randomGrid(count),
    { count, features: shape[0], stream },
    { key, values },
  );
  return values;
}
