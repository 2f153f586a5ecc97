/**
 * The door for people who write kernels and models: the device and its memory, graphs and plans, kernels as data, compressed
 * weights, the operations of this package on them, and how the fastest kernel is found.
 *
 * ```ts
 * await using gpu = await openGpu();
 * using scope = new Scope(gpu);
 * const pattern = await readSmtx('body_decoder_layer_0_ffn_conv1_fully_connected.smtx');
 * const weight = uploadWeight(scope, 'W', csrFromPattern(pattern, values)); // [M, K]
 * const graph = new Graph(gpu, 'one product');
 * const result = product(graph, weight, scope.upload('x', [pattern.cols, 32], x)); // [M, 32]
 * using plan = await graph.plan();
 * plan.run();
 * console.log(await plan.read(result));
 * ```
 *
 * @module tsos/sparse
 */

// The device and its memory.

export { BufferUsage } from './graph/device/buffer-usage.ts';
export {
  copyTensor,
  DeviceTensor,
  elements,
  type HostData,
  readFloats,
  readWords,
  Scope,
  write as writeTensor,
} from './graph/device/scope.ts';
export {
  type AdapterDescription,
  type DawnOptions,
  type DeviceFeatures,
  type DeviceLimits,
  type DeviceOptions,
  type Gpu,
  type GpuOptions,
  LIMIT_NAMES,
  type LimitName,
  openGpu,
} from './graph/open-gpu.ts';

// Kernels, graphs of them, and plans that run.

export { Graph } from './graph/plan/graph.ts';
export type { GraphTensor, TransientTensor } from './graph/plan/node.ts';
export type { Plan } from './graph/plan/plan.ts';
export {
  type Access,
  type Binding,
  type Grid,
  type Kernel,
  type KernelParts,
  kernel,
  type Parameter,
  unroll,
} from './wgsl/kernel.ts';
export { eachElement, linearGrid } from './wgsl/linear-grid.ts';

// Compressed weights.

export type { SparsePattern } from './base/sparse-pattern.ts';
export {
  type ConvolutionForm,
  type ConvolutionWeight,
  type DenseConvolution,
  type PointwiseConvolution,
  type SparseConvolution,
  uploadConvolution,
  type Window,
} from './graph/weights/convolution-weight.ts';
export {
  type CsrMatrix,
  CsrWriter,
  checkCsr,
  csrFromDense,
  csrFromPattern,
  csrToDense,
} from './graph/weights/csr.ts';
export type { CsrEntries, IndexArray } from './graph/weights/csr-entries.ts';
export { toHalves, type ValuePrecision } from './graph/weights/half-precision.ts';
export { type MaskedWeight, uploadMaskedWeight } from './graph/weights/masked-weight.ts';
export {
  type DenseWeight,
  type SparseWeight,
  uploadWeight,
  type Weight,
  type WeightOptions,
} from './graph/weights/weight.ts';
export { readSmtx } from './io/exchange/smtx.ts';
export { writeSmtx } from './io/exchange/write-smtx.ts';

// Operations on them.

export { type RandomKey, randomKey } from './base/random.ts';
export {
  averagePool,
  type ConvolutionOptions,
  convolution,
  maxPool,
  normalisePictures,
  type PerChannel,
  type Pictures,
} from './graph/operations/convolution-operations.ts';
export {
  type MagnitudeMasks,
  type MagnitudeSelection,
  type MaskedTensor,
  magnitudeMasks,
} from './graph/operations/magnitude-mask.ts';
export { sampledProduct, transposedProduct } from './graph/operations/masked-products.ts';
export {
  type AttentionShape,
  attention,
  copy,
  type EmbeddingIds,
  embedding,
  type Heads,
  layerNorm,
  type Normalisation,
  type ProductOptions,
  product,
  topK,
} from './graph/operations/operations.ts';
export { randomNumbers, uploadKey, writeKey } from './graph/operations/random.ts';
export type { RandomVariant } from './wgsl/random.ts';

// Which of several kernels is taken.

export type {
  Candidate,
  Choice,
  DispatchExplanation,
  FormatTimes,
  KernelChooser,
} from './graph/device/kernel-choice.ts';
export type { TuningOptions, TuningStore } from './graph/tuning/tuning.ts';
export { type RecordFolder, recordFolder } from './io/files/record-folder.ts';

// What is thrown on purpose.

export * from './base/errors.ts';
