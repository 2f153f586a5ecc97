import type { AttentionVariant } from '../wgsl/attention.ts';
import type { LayerNormVariant } from '../wgsl/layer-norm.ts';
import type { SoftmaxLanes } from '../wgsl/online-softmax.ts';
import type { TopKVariant } from '../wgsl/top-k.ts';
import type { Gpu } from './gpu.ts';

/**
 * Which variant of a kernel suits a device, without measuring. A software adapter runs four lanes in step, pays for every
 * scalar an invocation loads and gains nothing from lanes that share cache lines: few lanes, long runs, no workgroup
 * memory. A GPU wants many lanes that read side by side. Products and convolutions have a choice of tilings instead.
 */
type DeviceClass = Gpu['deviceClass'];

/** Above this share of stored weights a matrix, or the kernel of a convolution, runs dense. */
export function densestSparse(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 0.25 : 0.3;
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

/** Queries that a lane of a software adapter takes at once. More save it no further time. */
const MOST_QUERIES = 4;

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

/** Lanes whose partial sums fit 16 KiB, the workgroup memory every device has. */
function lanesInMemory(columns: number, headSize: number): number {
  const bytesPerLane = columns * (Math.ceil(headSize / 4) * 4 + 2) * 4;
  let lanes = 16;
  while (lanes > 1 && lanes * bytesPerLane > 16_384) lanes /= 2;
  return lanes;
}
