/** Variational dropout: float64 reference forms of its operations, layers and cells, with their gradients. */

export {
  klDivergence,
  klDivergenceGradients,
  klDivergenceOfLogAlpha,
  klDivergenceOfLogAlphaGradient,
  negativeDkl,
} from './kl-divergence.ts';
export type { VariationalLayerGradients, VariationalLayerOptions } from './layers.ts';
export { Conv2D, FullyConnected } from './layers.ts';
export type {
  ClipOptions,
  EvaluationOptions,
  LogAlphaOptions,
  VariationalGradients,
  VariationalPair,
} from './log-alpha.ts';
export { computeLogAlpha, computeLogSigma2, evaluationMask } from './log-alpha.ts';
/** The same operations, layers and cells on a device, recorded on a tape. */
export * as onDevice from './on-device.ts';
export * from './operations.ts';
export type { CellNoise, CellOptions, CellTrainGradients } from './recurrent.ts';
export { LSTMCell, RNNCell } from './recurrent.ts';
export type { ProductGradients } from './sampled-product.ts';
export { weightSparsity } from './sparsity.ts';
