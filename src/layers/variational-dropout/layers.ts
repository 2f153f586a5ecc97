import { DEFAULT_LOG_ALPHA_THRESHOLD } from '../../base/numerics.ts';
import type { ActivationName } from '../reference/activation.ts';
import { checkThreshold, EPSILON } from '../reference/arguments.ts';
import { type ConvolutionOptions, checkTwoSizes, convolutionMap } from '../reference/convolution.ts';
import { constant, type Initializer } from '../reference/initializers.ts';
import { activated, activatedGradients, initialVariables, type LayerOptions } from '../reference/layer.ts';
import type { LinearMap } from '../reference/linear-map.ts';
import { matmulMap } from '../reference/matmul.ts';
import type { Noise } from '../reference/noise.ts';
import type { DenseTensor } from '../reference/tensor.ts';
import { klDivergence } from './kl-divergence.ts';
import { checkVariationalPair, type VariationalPair } from './log-alpha.ts';
import { maskedProduct, sampledProduct, sampledProductGradients } from './sampled-product.ts';

/** Options of both layers. */
export interface VariationalLayerOptions extends LayerOptions {
  /** First values of log σ². Default −10 everywhere. */
  readonly logSigma2Initializer?: Initializer;
  /** Bounds log α in training to ±clipAlpha; undefined and null do not. Default 8, where it is left out. */
  readonly clipAlpha?: number | null | undefined;
  /** Weights with log α at or above it are dropped at evaluation. Default 3. */
  readonly threshold?: number;
  /** Added to squares and variances. Default 1e-8. */
  readonly epsilon?: number;
}

/** Gradients of a layer's `train`. */
export interface VariationalLayerGradients {
  readonly x: DenseTensor;
  readonly kernel: DenseTensor;
  readonly logSigma2: DenseTensor;
  /** None where the layer adds no bias. */
  readonly bias: DenseTensor | undefined;
}

/** `activation(f(x, kernel) + bias)` with variational dropout of the kernel. Training changes the variables' `data` in place. */
class VariationalLayer {
  readonly kernel: DenseTensor;
  readonly logSigma2: DenseTensor;
  readonly bias: DenseTensor | undefined;
  readonly #map: LinearMap;
  readonly #activation: ActivationName;
  readonly #options: {
    readonly clipAlpha: number | null | undefined;
    readonly threshold: number;
    readonly epsilon: number;
  };

  constructor(map: LinearMap, shape: readonly number[], useBias: boolean, options: VariationalLayerOptions) {
    const { logSigma2Initializer = constant(-10), activation = 'linear' } = options;
    const variables = initialVariables(shape, useBias, logSigma2Initializer, options);
    this.kernel = variables.kernel;
    this.logSigma2 = variables.companion;
    this.bias = variables.bias;
    this.#map = map;
    this.#activation = activation;
    this.#options = {
      clipAlpha: 'clipAlpha' in options ? options.clipAlpha : 8,
      threshold: options.threshold ?? DEFAULT_LOG_ALPHA_THRESHOLD,
      epsilon: options.epsilon ?? EPSILON,
    };
    checkVariationalPair(this.pair, this.#options);
    checkThreshold(this.#options.threshold);
  }

  /** Kernel and log σ², for penalties and sparsity. */
  get pair(): VariationalPair {
    return [this.kernel, this.logSigma2];
  }

  /** The layer's result with noise, standard normal of the result's shape or the key to draw it from. */
  train(x: DenseTensor, noise: Noise): DenseTensor {
    return activated(this.#sampled(x, noise), this.bias, this.#activation);
  }

  /** Gradients of `train` for a loss with gradient `dOutput` in its result. */
  trainGradients(dOutput: DenseTensor, x: DenseTensor, noise: Noise): VariationalLayerGradients {
    const { y, bias } = activatedGradients(dOutput, this.#sampled(x, noise), this.bias, this.#activation);
    const { theta: kernel, ...rest } = sampledProductGradients(
      this.#map,
      y,
      x,
      this.pair,
      noise,
      this.#options,
    );
    return { kernel, ...rest, bias };
  }

  /** The layer's result with the weights that are kept. */
  evaluate(x: DenseTensor): DenseTensor {
    return activated(maskedProduct(this.#map, x, this.pair, this.#options), this.bias, this.#activation);
  }

  /** KL divergence of the kernel with the layer's own clipping, a scalar. */
  penalty(): DenseTensor {
    return klDivergence(this.pair, this.#options);
  }

  #sampled(x: DenseTensor, noise: Noise): DenseTensor {
    return sampledProduct(this.#map, x, this.pair, noise, this.#options);
  }
}

/** Fully connected layer, `x [batch, inputs]` to `[batch, outputs]`; with a bias unless told otherwise. */
export class FullyConnected extends VariationalLayer {
  /**
   * @throws {UsageError} for sizes that are no positive whole numbers, options out of range, and where an initialiser gives
   *   another shape.
   */
  constructor(inputs: number, outputs: number, options: VariationalLayerOptions) {
    super(matmulMap(), [inputs, outputs], options.useBias ?? true, options);
  }
}

/** Convolution, `x [B, H, W, channels]` to `[B, H', W', outputs]`; without a bias unless told otherwise. */
export class Conv2D extends VariationalLayer {
  /**
   * @param kernelSize `[height, width]`
   * @throws {UsageError} for sizes that are no positive whole numbers, strides, padding or data format that cannot be, options
   *   out of range, and where an initialiser gives another shape.
   */
  constructor(
    channels: number,
    outputs: number,
    kernelSize: readonly [number, number],
    options: VariationalLayerOptions & ConvolutionOptions,
  ) {
    checkTwoSizes('kernel sizes', kernelSize, '[height, width]');
    super(convolutionMap(options), [...kernelSize, channels, outputs], options.useBias ?? false, options);
  }
}
