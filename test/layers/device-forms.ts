import type { DeviceTensor } from '../../src/graph/device/scope.ts';
import { multiply } from '../../src/graph/differentiation/elementwise.ts';
import type { Pictures } from '../../src/graph/differentiation/pictures.ts';
import { sum } from '../../src/graph/differentiation/reductions.ts';
import { Tape } from '../../src/graph/differentiation/tape.ts';
import { randomNumbers } from '../../src/graph/operations/random.ts';
import type { GraphTensor } from '../../src/graph/plan/node.ts';
import type { Noise } from '../../src/layers/reference/noise.ts';
import { type DenseTensor, denseTensor } from '../../src/layers/reference/tensor.ts';
import { asFloats, compute } from '../support/compute.ts';
import { testGpu } from '../support/gpu.ts';
import type { CaseOf, LinearCase } from './linear-case.ts';

/** `[…, F]` as `[F, N]`, the layout of activations on a device. */
export function featureMajor({ data, shape }: DenseTensor): DenseTensor {
  const features = shape[shape.length - 1];
  const columns = data.length / features;
  return denseTensor(
    [features, columns],
    data.map((_, i) => data[(i % columns) * features + Math.floor(i / columns)]),
  );
}

/** The values of `[F, N]` as `[…, F]`. */
export function batchMajor(values: ArrayLike<number>, shape: readonly number[]): DenseTensor {
  const features = shape[shape.length - 1];
  const columns = shape.reduce((product, extent) => product * extent, 1) / features;
  return denseTensor(
    shape,
    Array.from(
      { length: features * columns },
      (_, i) => values[(i % features) * columns + Math.floor(i / features)],
    ),
  );
}

/** Uploads float32 values, or words: ids, keys. */
export interface Uploads {
  tensor(values: DenseTensor): DeviceTensor;
  words(values: Uint32Array): DeviceTensor;
}

/** A tensor to read back, and how it is to be seen. */
export interface Output {
  readonly tensor: GraphTensor;
  readonly shape: readonly number[];
  readonly featureMajor: boolean;
}

/** Records on a tape, runs once on the test device, and reads back. */
export async function onDevice<Name extends string>(
  record: (tape: Tape, uploads: Uploads) => Record<Name, Output>,
): Promise<Record<Name, DenseTensor>> {
  const outputs: [string, Output][] = [];
  const results: Record<string, Uint32Array> = await compute(await testGpu(), (graph, scope) => {
    const uploads: Uploads = {
      tensor: ({ shape, data }) => scope.upload('given', shape, Float32Array.from(data)),
      words: (values) => scope.upload('words', [values.length], values),
    };
    outputs.push(...Object.entries<Output>(record(new Tape(graph), uploads)));
    return Object.fromEntries(outputs.map(([name, { tensor }]) => [name, tensor]));
  });
  const tensors = outputs.map(([name, { shape, featureMajor: turned }]) => {
    const values = asFloats(results[name]);
    const count = shape.reduce((product, extent) => product * extent, 1);
    return [name, turned ? batchMajor(values, shape) : denseTensor(shape, values.subarray(0, count))];
  });
  return Object.fromEntries(tensors) as Record<Name, DenseTensor>;
}

/** Uploads weights and what a technique keeps beside them. */
export function uploadPair(
  uploads: Uploads,
  pair: readonly [DenseTensor, DenseTensor],
): readonly [DeviceTensor, DeviceTensor] {
  return [uploads.tensor(pair[0]), uploads.tensor(pair[1])];
}

/** The input of a case as the device takes it: feature-major, but for one that is transposed anyway. */
export function uploadInput(uploads: Uploads, given: Exclude<LinearCase, CaseOf<'embedding'>>): DeviceTensor {
  // `[inputs, columns]` is a transposed batch; the device's transposeA undoes it.
  return uploads.tensor(featureMajor(given.x));
}

/** A gradient in the input of a case, seen as the input is. */
export function inputOutput(tensor: GraphTensor, given: Exclude<LinearCase, CaseOf<'embedding'>>): Output {
  return { tensor, shape: given.x.shape, featureMajor: true };
}

export function picturesOf({ x }: CaseOf<'conv2d'>): Pictures {
  const [count, height, width] = x.shape;
  return { count, height, width };
}

/** Gradients of a loss whose gradient in `y` is `dy`. */
export function gradientsOf(
  tape: Tape,
  uploads: Uploads,
  y: GraphTensor,
  dy: DenseTensor,
  sources: readonly GraphTensor[],
): GraphTensor[] {
  return tape.gradients(sum(tape, multiply(tape, y, uploads.tensor(featureMajor(dy)))), sources);
}

/** Noise of a feature-major result: as given, or drawn from the key as the reference draws it. @param shape of the noise there */
export function noiseByColumns(
  tape: Tape,
  uploads: Uploads,
  noise: Noise,
  shape: readonly number[],
  distribution: 'uniform' | 'normal',
): GraphTensor {
  if ('data' in noise) return uploads.tensor(featureMajor(noise));
  const features = shape[shape.length - 1];
  const columns = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const key = uploads.words(Uint32Array.from(noise));
  return randomNumbers(tape.graph, key, [features, columns], {
    distribution,
    order: 'column-major',
    stream: 0,
  });
}
