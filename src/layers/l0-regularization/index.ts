/** L0 regularisation: float64 reference forms of its operations, layers and cells, with their gradients. */

export type { GatedGradients, GatedPair, ProductGradients } from './gated-product.ts';
export type { GateOptions, HardConcreteOptions } from './hard-concrete.ts';
export {
  hardConcreteMean,
  hardConcreteMeanSlope,
  hardConcreteSample,
  hardConcreteSampleSlope,
  l0Norm,
  l0NormGradient,
} from './hard-concrete.ts';
export type { GatedLayerGradients, GatedLayerOptions } from './layers.ts';
export { Conv2D, FullyConnected } from './layers.ts';
/** The same operations, layers and cells on a device, recorded on a tape. */
export * as onDevice from './on-device.ts';
export * from './operations.ts';
export type { CellOptions, CellTrainGradients } from './recurrent.ts';
export { LSTMCell, RNNCell } from './recurrent.ts';
export { weightSparsity } from './sparsity.ts';
