import { sum } from '../../../src/graph/differentiation/reductions.ts';
import type { Tape } from '../../../src/graph/differentiation/tape.ts';
import { randomNumbers } from '../../../src/graph/operations/random.ts';
import type { GraphTensor } from '../../../src/graph/plan/node.ts';
import * as reference from '../../../src/layers/l0-regularization/index.ts';
import * as device from '../../../src/layers/l0-regularization/on-device.ts';
import type { Noise } from '../../../src/layers/reference/noise.ts';
import type { DenseTensor } from '../../../src/layers/reference/tensor.ts';
import {
  gradientsOf,
  inputOutput,
  noiseByColumns,
  type Output,
  onDevice,
  picturesOf,
  type Uploads,
  uploadInput,
  uploadPair,
} from '../device-forms.ts';
import type { LinearCase } from '../linear-case.ts';

type Pair = reference.GatedPair;
type Options = reference.HardConcreteOptions;

/** Gradients of a case; embeddings have no input to differentiate by. */
export type CaseGradients = reference.GatedGradients & { readonly x?: DenseTensor };

/** L0 regularisation as the properties see it: the same functions of the reference and of the device. */
export interface GatedForms {
  readonly name: string;
  /** Allowed error, see `assertNear`. */
  readonly tolerance: number;
  train(given: LinearCase, pair: Pair, noise: Noise, options?: Options): Promise<DenseTensor>;
  gradients(
    dy: DenseTensor,
    given: LinearCase,
    pair: Pair,
    noise: Noise,
    options?: Options,
  ): Promise<CaseGradients>;
  evaluate(given: LinearCase, pair: Pair, options?: reference.GateOptions): Promise<DenseTensor>;
  sample(logAlpha: DenseTensor, noise: Noise, options?: Options): Promise<DenseTensor>;
  mean(logAlpha: DenseTensor, options?: reference.GateOptions): Promise<DenseTensor>;
  /** `∂/∂logAlpha` of every gate. */
  sampleSlope(logAlpha: DenseTensor, noise: DenseTensor, options?: Options): Promise<DenseTensor>;
  meanSlope(logAlpha: DenseTensor, options?: reference.GateOptions): Promise<DenseTensor>;
  l0Norm(logAlpha: DenseTensor, options?: Options): Promise<number>;
  l0NormGradient(logAlpha: DenseTensor, options?: Options): Promise<DenseTensor>;
}

/** Shape of the noise of a case: the weights', but that every occurrence of an id has its own. */
export function noiseShape({ kind, weights, result }: LinearCase): readonly number[] {
  return kind === 'embedding' ? result : weights;
}

const ofReference: GatedForms = {
  name: 'reference',
  tolerance: 1e-10,
  async train(given, pair, noise, options = {}) {
    switch (given.kind) {
      case 'matmul':
        return reference.matmulTrain(given.x, pair, noise, { ...given, ...options });
      case 'broadcast':
        return reference.broadcastMatmulTrain(given.x, pair, noise, options);
      case 'conv2d':
        return reference.conv2dTrain(given.x, pair, noise, { ...given, ...options });
      case 'embedding':
        return reference.embeddingLookupTrain(pair, given.ids, noise, options);
    }
  },
  async gradients(dy, given, pair, noise, options = {}) {
    switch (given.kind) {
      case 'matmul':
        return reference.matmulTrainGradients(dy, given.x, pair, noise, { ...given, ...options });
      case 'broadcast':
        return reference.broadcastMatmulTrainGradients(dy, given.x, pair, noise, options);
      case 'conv2d':
        return reference.conv2dTrainGradients(dy, given.x, pair, noise, { ...given, ...options });
      case 'embedding':
        return reference.embeddingLookupTrainGradients(dy, pair, given.ids, noise, options);
    }
  },
  async evaluate(given, pair, options = {}) {
    switch (given.kind) {
      case 'matmul':
        return reference.matmulEval(given.x, pair, { ...given, ...options });
      case 'broadcast':
        return reference.broadcastMatmulEval(given.x, pair, options);
      case 'conv2d':
        return reference.conv2dEval(given.x, pair, { ...given, ...options });
      case 'embedding':
        return reference.embeddingLookupEval(pair, given.ids, options);
    }
  },
  sample: async (logAlpha, noise, options) => reference.hardConcreteSample(logAlpha, noise, options),
  mean: async (logAlpha, options) => reference.hardConcreteMean(logAlpha, options),
  sampleSlope: async (logAlpha, noise, options) =>
    reference.hardConcreteSampleSlope(logAlpha, noise, options),
  meanSlope: async (logAlpha, options) => reference.hardConcreteMeanSlope(logAlpha, options),
  l0Norm: async (logAlpha, options) => reference.l0Norm(logAlpha, options).data[0],
  l0NormGradient: async (logAlpha, options) => reference.l0NormGradient(logAlpha, options),
};

/** Noise of weights, row by row. */
function noiseByRows(tape: Tape, uploads: Uploads, noise: Noise, shape: readonly number[]): GraphTensor {
  if ('data' in noise) return uploads.tensor(noise);
  const key = uploads.words(Uint32Array.from(noise));
  return randomNumbers(tape.graph, key, shape, { distribution: 'uniform', order: 'row-major', stream: 0 });
}

function recordTrain(
  tape: Tape,
  uploads: Uploads,
  given: LinearCase,
  pair: device.DeviceGatedPair,
  noise: Noise,
  options: Options,
): { y: GraphTensor; x: GraphTensor | undefined } {
  if (given.kind === 'embedding') {
    const u = noiseByColumns(tape, uploads, noise, given.result, 'uniform');
    return {
      y: device.embeddingLookupTrain(tape, pair, uploads.words(given.ids.data), u, options),
      x: undefined,
    };
  }
  const u = noiseByRows(tape, uploads, noise, given.weights);
  const x = uploadInput(uploads, given);
  switch (given.kind) {
    case 'matmul':
      return { y: device.matmulTrain(tape, x, pair, u, { ...given, ...options }), x };
    case 'broadcast':
      return { y: device.broadcastMatmulTrain(tape, x, pair, u, options), x };
    case 'conv2d':
      return {
        y: device.conv2dTrain(tape, x, pair, u, { ...given, ...options, pictures: picturesOf(given) }),
        x,
      };
  }
}

function recordEval(
  tape: Tape,
  uploads: Uploads,
  given: LinearCase,
  pair: device.DeviceGatedPair,
  options: reference.GateOptions,
): GraphTensor {
  if (given.kind === 'embedding') {
    return device.embeddingLookupEval(tape, pair, uploads.words(given.ids.data), options);
  }
  const x = uploadInput(uploads, given);
  switch (given.kind) {
    case 'matmul':
      return device.matmulEval(tape, x, pair, { ...given, ...options });
    case 'broadcast':
      return device.broadcastMatmulEval(tape, x, pair, options);
    case 'conv2d':
      return device.conv2dEval(tape, x, pair, { ...given, ...options, pictures: picturesOf(given) });
  }
}

/** A function of log α on the device, and its gradient for a loss that is the sum of its results. */
async function ofLogAlpha(
  logAlpha: DenseTensor,
  shape: readonly number[],
  record: (tape: Tape, a: GraphTensor, uploads: Uploads) => GraphTensor,
): Promise<{ value: DenseTensor; slope: DenseTensor }> {
  return onDevice((tape, uploads) => {
    const a = uploads.tensor(logAlpha);
    const value = record(tape, a, uploads);
    const [slope] = tape.gradients(sum(tape, value), [a]);
    const output = (tensor: GraphTensor, of: readonly number[]) => ({
      tensor,
      shape: of,
      featureMajor: false,
    });
    return { value: output(value, shape), slope: output(slope, logAlpha.shape) };
  });
}

const sampled = (logAlpha: DenseTensor, noise: Noise, options?: Options) =>
  ofLogAlpha(logAlpha, logAlpha.shape, (tape, a, uploads) =>
    device.hardConcreteSample(tape, a, noiseByRows(tape, uploads, noise, logAlpha.shape), options),
  );
const expected = (logAlpha: DenseTensor, options?: reference.GateOptions) =>
  ofLogAlpha(logAlpha, logAlpha.shape, (tape, a) => device.hardConcreteMean(tape, a, options));
const norm = (logAlpha: DenseTensor, options?: Options) =>
  ofLogAlpha(logAlpha, [], (tape, a) => device.l0Norm(tape, a, options));

const ofDevice: GatedForms = {
  name: 'device',
  tolerance: 1e-5,
  async train(given, pair, noise, options = {}) {
    const { y } = await onDevice((tape, uploads) => {
      const { y } = recordTrain(tape, uploads, given, uploadPair(uploads, pair), noise, options);
      return { y: { tensor: y, shape: given.result, featureMajor: true } };
    });
    return y;
  },
  gradients(dy, given, pair, noise, options = {}) {
    return onDevice<'theta' | 'logAlpha' | 'x'>((tape, uploads) => {
      const uploaded = uploadPair(uploads, pair);
      const { y, x } = recordTrain(tape, uploads, given, uploaded, noise, options);
      const gradients = gradientsOf(tape, uploads, y, dy, x === undefined ? uploaded : [...uploaded, x]);
      const [theta, logAlpha] = gradients.map((tensor) => ({
        tensor,
        shape: given.weights,
        featureMajor: false,
      }));
      const byInput = given.kind === 'embedding' ? {} : { x: inputOutput(gradients[2], given) };
      return { theta, logAlpha, ...byInput } as Record<'theta' | 'logAlpha' | 'x', Output>;
    });
  },
  async evaluate(given, pair, options = {}) {
    const { y } = await onDevice((tape, uploads) => ({
      y: {
        tensor: recordEval(tape, uploads, given, uploadPair(uploads, pair), options),
        shape: given.result,
        featureMajor: true,
      },
    }));
    return y;
  },
  sample: async (logAlpha, noise, options) => (await sampled(logAlpha, noise, options)).value,
  mean: async (logAlpha, options) => (await expected(logAlpha, options)).value,
  sampleSlope: async (logAlpha, noise, options) => (await sampled(logAlpha, noise, options)).slope,
  meanSlope: async (logAlpha, options) => (await expected(logAlpha, options)).slope,
  l0Norm: async (logAlpha, options) => (await norm(logAlpha, options)).value.data[0],
  l0NormGradient: async (logAlpha, options) => (await norm(logAlpha, options)).slope,
};

export const GATED_FORMS: readonly GatedForms[] = [ofReference, ofDevice];
