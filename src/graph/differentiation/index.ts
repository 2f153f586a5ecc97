/**
 * Operations with derivatives, recorded on a `Tape`: forward, backward and the update of an optimiser are one plan.
 * On a device without `longLoops`, operations throw a `DeviceTooSmallError` in sizes whose loops it would leave before their end.
 */

export { type AttentionInputs, type AttentionShape, attention } from './attention.ts';
export { type ConvolutionShape, convolution } from './convolution.ts';
export { crossEntropy, type SmoothedLabel, smoothedOverAll, smoothedOverOthers } from './cross-entropy.ts';
export { type Dropped, dropout } from './dropout.ts';
export * from './elementwise.ts';
export { gather, paddingMask } from './embedding.ts';
export type { Formula } from './formula.ts';
export { maskedProduct } from './masked-product.ts';
export { batchNorm, layerNorm, type ScaleAndBias, updateMovingAverages } from './normalisation.ts';
export { type Padding, type Pictures, picturesAfter, type Sliding } from './pictures.ts';
export { averagePool, globalAveragePool, maxPool } from './pool.ts';
export { matmul, product, type Transposition } from './product.ts';
export { sum, weightedMean } from './reductions.ts';
export { rows } from './rows.ts';
export { type Backward, Tape } from './tape.ts';
