import type { AttentionVariant } from '../../wgsl/attention.ts';
import type { LayerNormVariant } from '../../wgsl/layer-norm.ts';
import type { RankVariant } from '../../wgsl/rank-columns.ts';
import type { SampledProductVariant } from '../../wgsl/sampled-product.ts';
import type { Gpu } from '../device/gpu.ts';
import type { Target } from './tilings.ts';

/**
 * Which variant of a kernel suits a device, without measuring. A software adapter runs four lanes in step, pays for every
 * scalar an invocation loads and gains nothing from lanes that share cache lines: few lanes, long runs, no workgroup
 * memory. A GPU wants many lanes that read side by side. Products and convolutions have a choice of tilings instead.
 *
 * Which terms are summed in which order may depend on the class and on the sizes of one sentence, never on how many
 * sentences are worked on together: encoder, logits and attention of a sentence are the same to the bit in any batch.
 */
type DeviceClass = Gpu['deviceClass'];

/**
 * Above this share of stored weights a matrix, or the kernel of a convolution, runs dense. On a GPU the two are as fast at 0.25 to
 * 0.35 where products are wide and at 0.1 for a few columns; a weight meets both.
 */
export function densestSparse(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 0.25 : 0.3;
}

/** @param columns4 N / 4 */
export function layerNormVariant(
  deviceClass: DeviceClass,
  features: number,
  columns4: number,
): LayerNormVariant {
  if (deviceClass !== 'cpu') {
    const parts = 32;
    const held = features <= MOST_HELD * parts ? features : undefined;
    return { parts, shared: true, columns: columns4 < 64 ? 2 : 4, held };
  }
  const shared = columns4 < 4;
  return { parts: 4, shared, columns: shared ? 1 : 4, held: undefined };
}

/** Features of a column that a lane has registers for, a vec4 each. */
const MOST_HELD = 32;

/** Lanes that share a sum over a row of so many terms; a power of two. */
export function reductionLanes({ deviceClass, features }: Target, terms: number): number {
  if (deviceClass !== 'cpu') return 64;
  // Few lanes would take more rounds over a long row than short loops have.
  return features.longLoops || terms <= 1 << 16 ? 4 : 64;
}

/** Lanes that share a vector of so many elements, of which there are `vectors`. */
export function vectorLanes(target: Target, length: number, vectors: number): number {
  // Where there are many short ones, a software adapter loses more by waiting at barriers than it gains.
  const alone = target.deviceClass === 'cpu' && vectors >= 256 && length <= 4096;
  return alone ? 1 : reductionLanes(target, length);
}

/**
 * @param shape queries of each sentence, and whether they are few, as the hypotheses of a decoding step are
 */
export function attentionLanes(
  deviceClass: DeviceClass,
  { queries, fewQueries, headSize }: { queries: number; fewQueries: boolean; headSize: number },
): Pick<AttentionVariant, 'lanes' | 'columns' | 'tile'> {
  if (deviceClass === 'cpu') {
    return { lanes: 1, columns: 4, tile: Math.ceil(queries / Math.ceil(queries / MOST_QUERIES)) };
  }
  // Whole sentences fill the device; else lanes share the keys of a query, as far as workgroup memory goes.
  return fewQueries
    ? { lanes: lanesInMemory(4, headSize), columns: 4, tile: 1 }
    : { lanes: 1, columns: 64, tile: 1 };
}

/** Queries that a lane of a software adapter takes at once. More save it no further time. */
const MOST_QUERIES = 4;

/** Who does the cached self-attention of a decoding step for a hypothesis and a head: a lane, or a workgroup. */
export function attentionStepLanes(
  deviceClass: DeviceClass,
  headSize: number,
): { together: false; columns: number } | { together: true; lanes: number } {
  return deviceClass === 'cpu' || headSize > LARGEST_HEAD
    ? { together: false, columns: 4 }
    : { together: true, lanes: 32 };
}

/** Features that workgroup memory holds twice. */
const LARGEST_HEAD = 1024;

/** Lanes that share the row of an embedded column. */
export function embeddingLanes(deviceClass: DeviceClass): number {
  return deviceClass === 'cpu' ? 1 : 64;
}

/** Lanes of the kernels that choose tokens. @param columns that a workgroup has */
export function rankLanes(
  deviceClass: DeviceClass,
  columns: number,
): Pick<RankVariant, 'abreast' | 'lanes' | 'block'> {
  const abreast = Math.min(columns, 4);
  if (deviceClass === 'cpu') return { abreast, lanes: 16, block: 4 };
  return { abreast, lanes: 2 ** Math.floor(Math.log2(256 / abreast)), block: 16 };
}

/** Lanes of a sampled product. Eight along N read a line of B together; more wait longer for each other than they read. */
export function sampledProductLanes(
  deviceClass: DeviceClass,
): Pick<SampledProductVariant, 'lanesN' | 'lanesE' | 'lanesM'> {
  return deviceClass === 'cpu' ? { lanesN: 1, lanesE: 4, lanesM: 8 } : { lanesN: 8, lanesE: 4, lanesM: 2 };
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
