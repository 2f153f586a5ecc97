import type { ActivationName } from '../reference/activation.ts';
import { type ConvolutionOptions, checkTwoSizes, convolutionMap } from '../reference/convolution.ts';
import { constant } from '../reference/initializers.ts';
import { activated, activatedGradients, initialVariables, type LayerOptions } from '../reference/layer.ts';
import type { LinearMap } from '../reference/linear-map.ts';
import { matmulMap } from '../reference/matmul.ts';
import { type DenseTensor, requireShape } from '../reference/tensor.ts';
import { type MaskedPair, maskedTheta, maskedThetaGradient } from './masked-weights.ts';

/** Gradients of a layer's `train`. The mask is a constant. */
export interface MaskedLayerGradients {
  readonly x: DenseTensor;
  /** 0 where the mask is. */
  readonly kernel: DenseTensor;
  /** None where the layer adds no bias. */
  readonly bias: DenseTensor | undefined;
}

/**
 * `activation(f(x, kernel ⊙ mask) + bias)`, as the masked layers of TensorFlow's model_pruning (but linear unless told
 * otherwise). Training changes the variables' `data` in place, and a pruner that of the mask, which begins with all weights:
 * `layer.mask.data.set(mask)`.
 */
class MaskedLayer {
  readonly kernel: DenseTensor;
  readonly mask: DenseTensor;
  readonly bias: DenseTensor | undefined;
  readonly #map: LinearMap;
  readonly #activation: ActivationName;

  constructor(map: LinearMap, shape: readonly number[], useBias: boolean, options: LayerOptions) {
    const variables = initialVariables(shape, useBias, constant(1), options);
    this.kernel = variables.kernel;
    this.mask = variables.companion;
    this.bias = variables.bias;
    this.#map = map;
    this.#activation = options.activation ?? 'linear';
  }

  /** Kernel and mask, for sparsity. */
  get pair(): MaskedPair {
    return [this.kernel, this.mask];
  }

  /** The layer's result. @throws {UsageError} for an input of another shape. */
  train(x: DenseTensor): DenseTensor {
    return activated(this.#masked(x), this.bias, this.#activation);
  }

  /** Gradients of `train` for a loss with gradient `dOutput` in its result. @throws {UsageError} as `train`. */
  trainGradients(dOutput: DenseTensor, x: DenseTensor): MaskedLayerGradients {
    const y = this.#masked(x);
    requireShape('dOutput', dOutput, y.shape);
    const { y: dy, bias } = activatedGradients(dOutput, y, this.bias, this.#activation);
    const weights = maskedTheta(this.pair);
    return {
      x: this.#map.inputGradient(dy, weights, x.shape),
      kernel: maskedThetaGradient(this.#map.weightGradient(dy, x, weights.shape), this.pair),
      bias,
    };
  }

  /** The layer's result: nothing is drawn in training, so it is that of `train`. */
  evaluate(x: DenseTensor): DenseTensor {
    return this.train(x);
  }

  #masked(x: DenseTensor): DenseTensor {
    const weights = maskedTheta(this.pair);
    this.#map.check(x, weights);
    return this.#map.apply(x, weights);
  }
}

/** Fully connected layer, `x [batch, inputs]` to `[batch, outputs]`; with a bias unless told otherwise. */
export class FullyConnected extends MaskedLayer {
  /**
   * @throws {UsageError} for sizes that are no positive whole numbers, an unknown activation, and where an initialiser gives
   *   another shape.
   */
  constructor(inputs: number, outputs: number, options: LayerOptions) {
    super(matmulMap(), [inputs, outputs], options.useBias ?? true, options);
  }
}

/** Convolution, `x [B, H, W, channels]` to `[B, H', W', outputs]`; without a bias unless told otherwise. */
export class Conv2D extends MaskedLayer {
  /**
   * @param kernelSize `[height, width]`
   * @throws {UsageError} for sizes that are no positive whole numbers, strides, padding or data format that cannot be, an unknown
   *   activation, and where an initialiser gives another shape.
   */
  constructor(
    channels: number,
    outputs: number,
    kernelSize: readonly [number, number],
    options: LayerOptions & ConvolutionOptions,
  ) {
    checkTwoSizes('kernel sizes', kernelSize, '[height, width]');
    super(convolutionMap(options), [...kernelSize, channels, outputs], options.useBias ?? false, options);
  }
}
