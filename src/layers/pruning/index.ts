/** Pruning: rules that make masks, when to apply them, and float64 reference forms of masked layers and cells. */

export type { Block } from './block.ts';
export { blockMask } from './block.ts';
export type { GradualPrunerOptions, LayerSize, LayerWeights, PrunerState } from './gradual-pruner.ts';
export { GradualPruner } from './gradual-pruner.ts';
export type { CountOptions, CountRounding } from './kept-count.ts';
export { keptCount } from './kept-count.ts';
export type { LayerBlock, LayerTarget } from './layer-targets.ts';
export type { MaskedLayerGradients } from './layers.ts';
export { Conv2D, FullyConnected } from './layers.ts';
export type { HistogramOptions, SortOptions } from './magnitude.ts';
export { exactMask, histogramMask, sortMask } from './magnitude.ts';
export type { PruningMask } from './mask.ts';
export { applyMask, openMask } from './mask.ts';
export type { MaskedPair } from './masked-weights.ts';
export { maskedTheta, weightSparsity } from './masked-weights.ts';
/** The same operations, layers and cells on a device, recorded on a tape. */
export * as onDevice from './on-device.ts';
export type { PrunedLayer, PruneOptions } from './prune-checkpoint.ts';
export { pruneCheckpoint } from './prune-checkpoint.ts';
export { randomCumulativeMask, randomMask } from './random-mask.ts';
export type { Floats } from './rank.ts';
export type { CellOptions, CellTrainGradients } from './recurrent.ts';
export { LSTMCell, RNNCell } from './recurrent.ts';
export type { MagnitudeRule, MaskRequest, PruningRule, RandomRule } from './rule.ts';
export { maskByRule } from './rule.ts';
export type { GradualSchedule, MaskUpdates } from './schedule.ts';
export { gradualSparsity, isMaskUpdateDue } from './schedule.ts';
export { sparseGlorotLimit, sparseGlorotUniform, sparseHeNormal } from './sparse-initialisers.ts';
