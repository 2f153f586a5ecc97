/**
 * The door for people who build and train sparse layers: variational dropout, L0 regularisation and pruning, as a float64
 * reference with closed-form gradients and on the device, recorded on a tape that derives the backward graph; differentiation
 * and optimisers.
 *
 * @module tsos/layers
 */

// Techniques.

/** L0 regularisation (Louizos et al. 2018). */
export * as l0Regularization from './layers/l0-regularization/index.ts';
export {
  CubicPenaltyWeight,
  cubicPenaltyTarget,
  linearPenaltyWeight,
  type PenaltyRamp,
} from './layers/penalty-schedule.ts';
/** Pruning by magnitude and at random, gradual or at once. */
export * as pruning from './layers/pruning/index.ts';
/** Variational dropout (Kingma et al. 2015, Molchanov et al. 2017). */
export * as variationalDropout from './layers/variational-dropout/index.ts';

// What the layers of all techniques take and give.

export type { Pictures } from './graph/differentiation/pictures.ts';
export type { DeviceCellEquations, DeviceCellRun } from './layers/device/cell.ts';
export type { DeviceConvolutionOptions, DeviceLinearMap } from './layers/device/linear-map.ts';
export type { ActivationName } from './layers/reference/activation.ts';
export type { CellEquations } from './layers/reference/cell-equations.ts';
export type { CellRun, KernelGradients } from './layers/reference/cell-run.ts';
export type { ConvolutionOptions } from './layers/reference/convolution.ts';
export type { Ids } from './layers/reference/gather.ts';
export type { LayerOptions } from './layers/reference/layer.ts';
export type { MatmulOptions } from './layers/reference/matmul.ts';
export type { Noise } from './layers/reference/noise.ts';
export type { WeightSparsity } from './layers/reference/sparsity.ts';

// Tensors of the reference, and what they begin with.

export { constant, glorotUniform, type Initializer, normal } from './layers/reference/initializers.ts';
export { type DenseTensor, denseTensor, filledTensor } from './layers/reference/tensor.ts';

// Differentiation and optimisers on a device.

/** Operations with derivatives, recorded on a tape. */
export * as differentiation from './graph/differentiation/index.ts';
/** How parameters follow their gradients. */
export * as optimisers from './graph/optimisers/index.ts';

// The device, and what runs on it; more of it behind tsos/sparse.

export { DeviceTensor, readFloats, Scope, write as writeTensor } from './graph/device/scope.ts';
export { openGpu } from './graph/open-gpu.ts';
export { randomNumbers, uploadKey, writeKey } from './graph/operations/random.ts';
export { Graph } from './graph/plan/graph.ts';
export type { GraphTensor, TransientTensor } from './graph/plan/node.ts';
export type { Plan } from './graph/plan/plan.ts';

// Random numbers, the same here as there.

export { derivedKey, normals, type RandomKey, randomKey, uniforms } from './base/random.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
