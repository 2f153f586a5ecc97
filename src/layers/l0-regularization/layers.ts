import type { ActivationName } from '../reference/activation.ts';
import { type ConvolutionOptions, checkTwoSizes, convolutionMap } from '../reference/convolution.ts';
import { type Initializer, normal } from '../reference/initializers.ts';
import { activated, activatedGradients, initialVariables, type LayerOptions } from '../reference/layer.ts';
import type { LinearMap } from '../reference/linear-map.ts';
import { matmulMap } from '../reference/matmul.ts';
import type { Noise } from '../reference/noise.ts';
import type { DenseTensor } from '../reference/tensor.ts';
import { type GatedPair, gatedProduct, gatedProductGradients, meanGatedProduct } from './gated-product.ts';
import { type HardConcreteOptions, INITIAL_LOG_ALPHA, l0Norm, parameters } from './hard-concrete.ts';

/** Options of both layers. */
export interface GatedLayerOptions extends LayerOptions, HardConcreteOptions {
  /** First values of log α. Default normal around 2.197 with deviation 0.01: gates of evaluation of 0.98. */
  readonly logAlphaInitializer?: Initializer;
}

/** Gradients of a layer's `train`. */
export interface GatedLayerGradients {
  readonly x: DenseTensor;
  readonly kernel: DenseTensor;
  readonly logAlpha: DenseTensor;
  /** None where the layer adds no bias. */
  readonly bias: DenseTensor | undefined;
}

/** `activation(f(x, kernel ⊙ gates) + bias)`. Training changes the variables' `data` in place. */
class GatedLayer {
  readonly kernel: DenseTensor;
  readonly logAlpha: DenseTensor;
  readonly bias: DenseTensor | undefined;
  readonly #map: LinearMap;
  readonly #activation: ActivationName;
  readonly #options: Required<HardConcreteOptions>;

  constructor(map: LinearMap, shape: readonly number[], useBias: boolean, options: GatedLayerOptions) {
    const { logAlphaInitializer = normal(INITIAL_LOG_ALPHA, 0.01), activation = 'linear' } = options;
    const variables = initialVariables(shape, useBias, logAlphaInitializer, options);
    this.kernel = variables.kernel;
    this.logAlpha = variables.companion;
    this.bias = variables.bias;
    this.#map = map;
    this.#activation = activation;
    this.#options = parameters(options);
  }

  /** Kernel and log α, for penalties and sparsity. */
  get pair(): GatedPair {
    return [this.kernel, this.logAlpha];
  }

  /** The layer's result with drawn gates; noise is uniform in [0, 1) of the kernel's shape, or the key to draw it from. */
  train(x: DenseTensor, noise: Noise): DenseTensor {
    return activated(this.#gated(x, noise), this.bias, this.#activation);
  }

  /** Gradients of `train` for a loss with gradient `dOutput` in its result. */
  trainGradients(dOutput: DenseTensor, x: DenseTensor, noise: Noise): GatedLayerGradients {
    const { y, bias } = activatedGradients(dOutput, this.#gated(x, noise), this.bias, this.#activation);
    const { theta: kernel, ...rest } = gatedProductGradients(
      this.#map,
      y,
      x,
      this.pair,
      noise,
      this.#options,
    );
    return { kernel, ...rest, bias };
  }

  /** The layer's result with the gates of evaluation. */
  evaluate(x: DenseTensor): DenseTensor {
    return activated(meanGatedProduct(this.#map, x, this.pair, this.#options), this.bias, this.#activation);
  }

  /** Expected number of weights whose gate is not 0, a scalar. */
  penalty(): DenseTensor {
    return l0Norm(this.logAlpha, this.#options);
  }

  #gated(x: DenseTensor, noise: Noise): DenseTensor {
    return gatedProduct(this.#map, x, this.pair, noise, this.#options);
  }
}

/** Fully connected layer, `x [batch, inputs]` to `[batch, outputs]`; with a bias unless told otherwise. */
export class FullyConnected extends GatedLayer {
  /**
   * @throws {UsageError} for sizes that are no positive whole numbers, parameters out of range, and where an initialiser gives
   *   another shape.
   */
  constructor(inputs: number, outputs: number, options: GatedLayerOptions) {
    super(matmulMap(), [inputs, outputs], options.useBias ?? true, options);
  }
}

/** Convolution, `x [B, H, W, channels]` to `[B, H', W', outputs]`; without a bias unless told otherwise. */
export class Conv2D extends GatedLayer {
  /**
   * @param kernelSize `[height, width]`
   * @throws {UsageError} for sizes that are no positive whole numbers, strides, padding or data format that cannot be, parameters
   *   out of range, and where an initialiser gives another shape.
   */
  constructor(
    channels: number,
    outputs: number,
    kernelSize: readonly [number, number],
    options: GatedLayerOptions & ConvolutionOptions,
  ) {
    checkTwoSizes('kernel sizes', kernelSize, '[height, width]');
    super(convolutionMap(options), [...kernelSize, channels, outputs], options.useBias ?? false, options);
  }
}
