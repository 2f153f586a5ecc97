import type { AttentionVariant } from '../wgsl/attention.ts';
import type { DenseConvolutionVariant } from '../wgsl/dense-convolution.ts';
import type { LayerNormVariant } from '../wgsl/layer-norm.ts';
import type { MatmulVariant } from '../wgsl/matmul.ts';
import type { SoftmaxLanes } from '../wgsl/online-softmax.ts';
import type { SparseConvolutionVariant } from '../wgsl/sparse-convolution.ts';
import type { SpmmVariant } from '../wgsl/spmm.ts';
import type { TopKVariant } from '../wgsl/top-k.ts';
import type { Gpu } from './gpu.ts';

/**
 * Which variant of a kernel suits a device, without measuring. A software adapter runs four lanes in step, pays for every
 * scalar an invocation loads and gains nothing from lanes that share cache lines: few lanes, long runs, no workgroup
 * memory. A GPU wants many lanes that read side by side.
 */
type DeviceClass = Gpu['deviceClass'];

/** @param columns4 N / 4 */
export function spmmTiling(
  deviceClass: DeviceClass,
  columns4: number,
): Pick<SpmmVariant, 'lanesN' | 'lanesM' | 'vectors'> {
  if (deviceClass === 'cpu') return { lanesN: 1, lanesM: 32, vectors: widthFor(columns4, 8) };
  const lanesN = columns4 >= 16 ? 16 : columns4 > 4 ? 8 : columns4;
  const vectors = columns4 >= 64 && columns4 % 32 === 0 ? 2 : 1;
  return { lanesN, lanesM: Math.max(1, Math.floor(64 / lanesN)), vectors };
}

/** @param columns4 N / 4 */
export function matmulTiling(
  deviceClass: DeviceClass,
  columns4: number,
): Pick<MatmulVariant, 'lanesN' | 'lanesM' | 'rows' | 'vectors'> {
  if (deviceClass === 'cpu') return { lanesN: 1, lanesM: 4, rows: 8, vectors: widthFor(columns4, 4) };
  const lanesN = columns4 >= 16 ? 16 : columns4 > 4 ? 8 : columns4;
  return { lanesN, lanesM: Math.max(1, Math.floor(128 / lanesN)), rows: 4, vectors: columns4 >= 32 ? 2 : 1 };
}

/** Above this share of stored weights a matrix, or the kernel of a convolution, runs dense. */
export function densestSparse(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 0.25 : 0.3;
}

/** @param pixels B · Y · X of the output */
/** Queries that a lane of a software adapter takes at once. More save it no further time. */
const MOST_QUERIES = 4;

export function sparseConvolutionTiling(
  deviceClass: DeviceClass,
  pixels: number,
): Pick<SparseConvolutionVariant, 'lanesN' | 'lanesM' | 'columns' | 'deal'> {
  // Four lanes in step share a row: rows have their entries in different taps, and would wait for each other.
  if (deviceClass === 'cpu') {
    return { lanesN: 4, lanesM: 8, columns: widthFor(Math.ceil(pixels / 4), 28), deal: 'runs' };
  }
  return { lanesN: 32, lanesM: 2, columns: pixels >= 256 ? 4 : 2, deal: 'interleaved' };
}

/** @param pixels B · Y · X of the output */
export function denseConvolutionTiling(
  deviceClass: DeviceClass,
  pixels: number,
): Pick<DenseConvolutionVariant, 'lanesN' | 'lanesM' | 'rows' | 'columns' | 'deal'> {
  if (deviceClass === 'cpu') {
    return { lanesN: 1, lanesM: 4, rows: 8, columns: widthFor(pixels, 16), deal: 'runs' };
  }
  return { lanesN: 32, lanesM: 4, rows: 4, columns: pixels >= 256 ? 4 : 2, deal: 'interleaved' };
}

/** @param columns4 N / 4 */
export function layerNormLanes(deviceClass: DeviceClass, columns4: number): LayerNormVariant {
  if (deviceClass === 'cpu') return columns4 < 4 ? { lanes: 4, columns: 1 } : { lanes: 1, columns: 4 };
  return { lanes: 32, columns: 4 };
}

/** Lanes that share a sum over a row; a power of two. */
export function reductionLanes(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 4 : 64;
}

/** @param shape queries of each sentence */
export function attentionLanes(
  deviceClass: DeviceClass,
  { sentences, queries, headSize }: { sentences: number; queries: number; headSize: number },
): Pick<AttentionVariant, 'lanes' | 'columns' | 'tile'> {
  if (deviceClass === 'cpu') {
    return { lanes: 1, columns: 4, tile: Math.ceil(queries / Math.ceil(queries / MOST_QUERIES)) };
  }
  // With enough queries they fill the device; with few, lanes share the keys of one, as far as workgroup memory goes.
  if (sentences * queries >= 1024) return { lanes: 1, columns: 64, tile: 1 };
  return { lanes: lanesInMemory(4, headSize), columns: 4, tile: 1 };
}

/** Lanes of the cached self-attention of a decoding step. */
export function attentionStepLanes(deviceClass: DeviceClass, headSize: number): SoftmaxLanes {
  return deviceClass === 'cpu' ? { lanes: 1, columns: 4 } : { lanes: lanesInMemory(4, headSize), columns: 4 };
}

/** Lanes that share the row of an embedded column. */
export function embeddingLanes(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 1 : 64;
}

/** @param columns4 columns of the logits / 4 */
export function topKLanes(
  deviceClass: DeviceClass,
  columns4: number,
): Pick<TopKVariant, 'lanes' | 'chunkLanes'> {
  if (deviceClass !== 'cpu') return { lanes: 8, chunkLanes: 1 };
  const lanes = columns4 < 3 ? columns4 : 4;
  return { lanes, chunkLanes: 4 / lanes };
}

/** Rows of logits that one lane searches. @param columns4 columns of the logits / 4 */
export function topKChunk(deviceClass: DeviceClass, rows: number, columns4: number): number {
  if (deviceClass !== 'cpu') return 128;
  // Lanes find little in the rest of a chunk once their lists are filled; but all cores need some.
  const chunks = Math.min(16, Math.max(4, Math.ceil(64 / columns4)));
  return Math.max(64, Math.ceil(rows / chunks));
}

/** Chunk results one lane merges at a time. */
export function topKFanIn(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 64 : 16;
}

/** Columns are padded to a multiple of this, so that tiles divide them. */
export function columnAlignment(columns: number): number {
  if (columns <= 32) return 4;
  return columns <= 64 ? 8 : 16;
}

/** The largest width up to `most` that divides the columns, else one whose ragged last tile is nearly full. */
function widthFor(columns: number, most: number): number {
  for (let width = Math.min(most, columns); width > most / 2; width--)
    if (columns % width === 0) return width;
  return Math.ceil(columns / Math.ceil(columns / most));
}

/** Lanes whose partial sums fit 16 KiB, the workgroup memory every device has. */
function lanesInMemory(columns: number, headSize: number): number {
  const bytesPerLane = columns * (Math.ceil(headSize / 4) * 4 + 2) * 4;
  let lanes = 16;
  while (lanes > 1 && lanes * bytesPerLane > 16_384) lanes /= 2;
  return lanes;
}
