import assert from 'node:assert/strict';
import type { Tape } from '../../../src/graph/differentiation/tape.ts';
import type { GraphTensor } from '../../../src/graph/plan/node.ts';
import type { Noise } from '../../../src/layers/reference/noise.ts';
import { type DenseTensor, elementwise } from '../../../src/layers/reference/tensor.ts';
import * as reference from '../../../src/layers/variational-dropout/index.ts';
import * as device from '../../../src/layers/variational-dropout/on-device.ts';
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

type Pair = reference.VariationalPair;

/** Gradients of a case; embeddings have no input to differentiate by. */
export type CaseGradients = reference.VariationalGradients & { readonly x?: DenseTensor };

/** Variational dropout as the properties see it: the same functions of the reference and of the device. */
export interface VariationalForms {
  readonly name: string;
  /** Allowed error, see `assertNear`. */
  readonly tolerance: number;
  train(given: LinearCase, pair: Pair, noise: Noise, options?: reference.ClipOptions): Promise<DenseTensor>;
  gradients(
    dy: DenseTensor,
    given: LinearCase,
    pair: Pair,
    noise: Noise,
    options?: reference.ClipOptions,
  ): Promise<CaseGradients>;
  evaluate(given: LinearCase, pair: Pair, options?: reference.EvaluationOptions): Promise<DenseTensor>;
  mask(pair: Pair, options?: reference.EvaluationOptions): Promise<DenseTensor>;
  klDivergence(pair: Pair, options?: reference.ClipOptions): Promise<number>;
  klDivergenceGradients(pair: Pair, options?: reference.ClipOptions): Promise<reference.VariationalGradients>;
}

/** Shape of the noise of a case: its result's, but that positions of a broadcast share theirs. */
export function noiseShape({ kind, result }: LinearCase): readonly number[] {
  if (kind !== 'broadcast') return result;
  return result.map((extent, axis) => (axis === 0 || axis === result.length - 1 ? extent : 1));
}

const ofReference: VariationalForms = {
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
  mask: async (pair, options) => reference.evaluationMask(pair, options),
  klDivergence: async (pair, options) => reference.klDivergence(pair, options).data[0],
  klDivergenceGradients: async (pair, options) => reference.klDivergenceGradients(pair, options),
};

function recordTrain(
  tape: Tape,
  uploads: Uploads,
  given: LinearCase,
  pair: device.DeviceVariationalPair,
  noise: Noise,
  options: reference.ClipOptions,
): { y: GraphTensor; x: GraphTensor | undefined } {
  const e = noiseByColumns(tape, uploads, noise, noiseShape(given), 'normal');
  if (given.kind === 'embedding') {
    const ids = uploads.words(given.ids.data);
    return { y: device.embeddingLookupTrain(tape, pair, ids, e, options), x: undefined };
  }
  const x = uploadInput(uploads, given);
  switch (given.kind) {
    case 'matmul':
      return { y: device.matmulTrain(tape, x, pair, e, { ...given, ...options }), x };
    case 'broadcast':
      return { y: device.broadcastMatmulTrain(tape, x, pair, e, options), x };
    case 'conv2d':
      return {
        y: device.conv2dTrain(tape, x, pair, e, { ...given, ...options, pictures: picturesOf(given) }),
        x,
      };
  }
}

function asPair(
  tensors: readonly GraphTensor[],
  { shape }: DenseTensor,
): Record<'theta' | 'logSigma2', Output> {
  const [theta, logSigma2] = tensors.map((tensor) => ({ tensor, shape, featureMajor: false }));
  return { theta, logSigma2 };
}

const ofDevice: VariationalForms = {
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
    return onDevice<'theta' | 'logSigma2' | 'x'>((tape, uploads) => {
      const uploaded = uploadPair(uploads, pair);
      const { y, x } = recordTrain(tape, uploads, given, uploaded, noise, options);
      const sources = x === undefined ? uploaded : [...uploaded, x];
      const gradients = gradientsOf(tape, uploads, y, dy, sources);
      const byInput = given.kind === 'embedding' ? {} : { x: inputOutput(gradients[2], given) };
      return { ...asPair(gradients, pair[0]), ...byInput } as Record<'theta' | 'logSigma2' | 'x', Output>;
    });
  },
  async evaluate(given, pair, options = {}) {
    const { y } = await onDevice((tape, uploads) => {
      const uploaded = uploadPair(uploads, pair);
      const record = () => {
        if (given.kind === 'embedding') {
          return device.embeddingLookupEval(tape, uploaded, uploads.words(given.ids.data), options);
        }
        const x = uploadInput(uploads, given);
        switch (given.kind) {
          case 'matmul':
            return device.matmulEval(tape, x, uploaded, { ...given, ...options });
          case 'broadcast':
            return device.broadcastMatmulEval(tape, x, uploaded, options);
          case 'conv2d':
            return device.conv2dEval(tape, x, uploaded, {
              ...given,
              ...options,
              pictures: picturesOf(given),
            });
        }
      };
      return { y: { tensor: record(), shape: given.result, featureMajor: true } };
    });
    return y;
  },
  async mask(pair, options = {}) {
    const { kept } = await onDevice((tape, uploads) => ({
      kept: {
        tensor: device.maskedTheta(tape, uploadPair(uploads, pair), options),
        shape: pair[0].shape,
        featureMajor: false,
      },
    }));
    // A θ of 0 would tell nothing.
    assert.ok(!pair[0].data.includes(0));
    return elementwise((value) => (value === 0 ? 0 : 1), kept);
  },
  async klDivergence(pair, options = {}) {
    const { kl } = await onDevice((tape, uploads) => ({
      kl: {
        tensor: device.klDivergence(tape, uploadPair(uploads, pair), options),
        shape: [],
        featureMajor: false,
      },
    }));
    return kl.data[0];
  },
  klDivergenceGradients(pair, options = {}) {
    return onDevice((tape, uploads) => {
      const uploaded = uploadPair(uploads, pair);
      return asPair(tape.gradients(device.klDivergence(tape, uploaded, options), uploaded), pair[0]);
    });
  },
};

export const VARIATIONAL_FORMS: readonly VariationalForms[] = [ofReference, ofDevice];
