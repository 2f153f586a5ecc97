import { checkNumber } from '../../base/check-arguments.ts';
import { derivedKey, type RandomKey } from '../../base/random.ts';
import { ACTIVATIONS, type ActivationName, checkActivation } from './activation.ts';
import { columnSums } from './blocks.ts';
import { constant, glorotUniform, type Initializer } from './initializers.ts';
import { type DenseTensor, elementwise, requireShape } from './tensor.ts';

/** Options of the layers of both packages. */
export interface LayerOptions {
  /** What the first values of the variables are drawn from. */
  readonly key: RandomKey;
  /** Default `linear`. */
  readonly activation?: ActivationName;
  /** Whether the layer adds a bias. */
  readonly useBias?: boolean;
  /** Default Glorot's uniform. */
  readonly kernelInitializer?: Initializer;
  /** Default zeros. */
  readonly biasInitializer?: Initializer;
}

/** The variables every layer has; training changes their `data` in place. */
export interface LayerVariables {
  readonly kernel: DenseTensor;
  /** What the technique keeps beside the kernel, of its shape. */
  readonly companion: DenseTensor;
  /** `[outputs]`; none where the layer adds no bias. */
  readonly bias: DenseTensor | undefined;
}

/**
 * First values of a layer's variables.
 * @param shape of the kernel, the outputs last
 * @throws {UsageError} for sizes that cannot be, an unknown activation, no key, and first values of another shape.
 */
export function initialVariables(
  shape: readonly number[],
  useBias: boolean,
  companionInitializer: Initializer,
  {
    key,
    activation = 'linear',
    kernelInitializer = glorotUniform,
    biasInitializer = constant(0),
  }: LayerOptions,
): LayerVariables {
  checkActivation(activation);
  for (const extent of shape) {
    checkNumber(
      'a size of the layer',
      extent,
      (size) => Number.isInteger(size) && size > 0,
      'a positive whole number',
    );
  }
  const [outputs] = shape.slice(-1);
  return {
    kernel: initial('the initial kernel', kernelInitializer, shape, derivedKey(key, 0)),
    companion: initial(
      'the initial companion of the kernel',
      companionInitializer,
      shape,
      derivedKey(key, 1),
    ),
    bias: useBias ? initial('the initial bias', biasInitializer, [outputs], derivedKey(key, 2)) : undefined,
  };
}

/** `activation(y + bias)`, the bias along the last axis. */
export function activated(
  y: DenseTensor,
  bias: DenseTensor | undefined,
  activation: ActivationName,
): DenseTensor {
  return elementwise(ACTIVATIONS[activation].of, biased(y, bias));
}

/** Gradients of `activated` for a loss with gradient `dOutput` in its result. */
export function activatedGradients(
  dOutput: DenseTensor,
  y: DenseTensor,
  bias: DenseTensor | undefined,
  activation: ActivationName,
): { readonly y: DenseTensor; readonly bias: DenseTensor | undefined } {
  requireShape('dOutput', dOutput, y.shape);
  const { of, slope } = ACTIVATIONS[activation];
  const dy = elementwise((d, at) => d * slope(at, of(at)), dOutput, biased(y, bias));
  return { y: dy, bias: bias === undefined ? undefined : columnSums(dy) };
}

function biased(y: DenseTensor, bias: DenseTensor | undefined): DenseTensor {
  if (bias === undefined) return y;
  return { shape: y.shape, data: y.data.map((value, i) => value + bias.data[i % bias.data.length]) };
}

function initial(
  what: string,
  initializer: Initializer,
  shape: readonly number[],
  key: RandomKey,
): DenseTensor {
  const tensor = initializer(shape, key);
  requireShape(what, tensor, shape);
  return tensor;
}
