import { checkNumber, checkOneOf } from '../../base/check-arguments.ts';
import { DataError, UsageError } from '../../base/errors.ts';
import type { Technique } from '../../base/technique.ts';
import { resolveValuePrecision, type ValuePrecision } from '../../graph/weights/half-precision.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { EVALUATION_SIZE } from '../../io/pictures/evaluation-picture.ts';
import { ResNetVariables } from '../../layers/resnet-sites.ts';
import {
  type LogAlphaThreshold,
  resolveLogAlphaThreshold,
  resolveTechnique,
} from '../../layers/resolve-technique.ts';
import { statedHparams } from '../hparams.ts';

/** What the checkpoint cannot tell, or what overrides what it tells. */
export interface ResNetOptions {
  /** Default: recognised from the names of the variables. */
  readonly technique?: Technique | undefined;
  /** Variational dropout: weights with a larger log-alpha are dropped. Default: from a published directory name, else 3. */
  readonly logAlphaThreshold?: number | undefined;
  /**
   * Side of the pictures, in pixels; a multiple of 4. Default: `image_size` of its metadata or of an `hparams.json` beside it,
   * else 224.
   */
  readonly imageSize?: number | undefined;
  /** Hold every kernel so, instead of by its density. */
  readonly format?: 'sparse' | 'dense' | undefined;
  /** Hold the values of weights in 16 or 32 bits; see `toHalves` for what 16 lose. Default: `f32`. */
  readonly valuePrecision?: ValuePrecision | undefined;
  /** Called as layers are loaded. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What the layers of a block are called, and how many there are. */
export type BlockKind = 'bottleneck' | 'residual';

/** A residual network as its checkpoint describes it. */
export interface ResNetConfig {
  /** Layers with weights as papers count them: 18, 34, 50, 101, 152 or 200. */
  readonly depth: number;
  /** What its blocks are made of. */
  readonly kind: BlockKind;
  /** Blocks of each of the four groups. */
  readonly blocks: readonly number[];
  /** Classes it tells apart. */
  readonly classes: number;
  /** Side of the pictures it is given, in pixels. */
  readonly imageSize: number;
  /** How it was made sparse. */
  readonly technique: Technique;
  /** Only for variational dropout. */
  readonly threshold: LogAlphaThreshold | undefined;
  /** How weights are held on the device. */
  readonly valuePrecision: ValuePrecision;
}

/** Layers of a network that is known. */
export type ResNetDepth = 18 | 34 | 50 | 101 | 152 | 200;

/** Blocks of the four groups at the depths there are (He et al. 2016, table 1). */
const NETWORKS: Readonly<Record<ResNetDepth, Pick<ResNetConfig, 'kind' | 'blocks'>>> = {
  18: { kind: 'residual', blocks: [2, 2, 2, 2] },
  34: { kind: 'residual', blocks: [3, 4, 6, 3] },
  50: { kind: 'bottleneck', blocks: [3, 4, 6, 3] },
  101: { kind: 'bottleneck', blocks: [3, 4, 23, 3] },
  152: { kind: 'bottleneck', blocks: [3, 8, 36, 3] },
  200: { kind: 'bottleneck', blocks: [3, 24, 36, 3] },
};

/** Depths of the networks there are. */
export const RESNET_DEPTHS = Object.keys(NETWORKS).map(Number) as ResNetDepth[];

/** The blocks of a depth. @throws {UsageError} where there is no network of it. */
export function residualBlocks(depth: ResNetDepth): Pick<ResNetConfig, 'kind' | 'blocks'> {
  if (!RESNET_DEPTHS.includes(depth)) {
    throw new UsageError(
      `there is no ResNet-${depth}; there are those of ${RESNET_DEPTHS.join(', ')} layers`,
    );
  }
  return NETWORKS[depth];
}

/** Convolutions on the main path of a block. */
export const BLOCK_LAYERS: Readonly<Record<BlockKind, number>> = { residual: 2, bottleneck: 3 };

/**
 * Reads the shape of the network from the names of its layers.
 * @throws {DataError} where this is no residual network of a known depth.
 * @throws {UsageError} for an option that cannot be.
 */
export async function readConfig(checkpoint: Checkpoint, options: ResNetOptions): Promise<ResNetConfig> {
  if (options.format !== undefined) checkOneOf('format', options.format, ['sparse', 'dense']);
  const variables = new ResNetVariables(checkpoint);
  const scopes = new Set(variables.scopes());
  const kind = (['bottleneck', 'residual'] as const).find((each) => scopes.has(projectingScope(each, 1, 1)));
  if (kind === undefined || !scopes.has('initial_conv')) {
    throw new DataError(
      'holds no ResNet: no variable ends in initial_conv/weights and bottleneck_1_block_group_projection_block_group1/weights; "tsos inspect" lists what it holds',
      { file: checkpoint.path },
    );
  }
  const blocks = [1, 2, 3, 4].map((group) => countBlocks(scopes, kind, group));
  const ofKind = RESNET_DEPTHS.filter((each) => NETWORKS[each].kind === kind);
  const depth = ofKind.find((each) => NETWORKS[each].blocks.join() === blocks.join());
  if (depth === undefined) {
    const known = ofKind.map((each) => `${NETWORKS[each].blocks.join()} (ResNet-${each})`);
    throw new DataError(
      `has ${blocks.join(', ')} ${kind} blocks in its groups, known are ${known.join(', ')}: the checkpoint is incomplete, or no such network`,
      { file: checkpoint.path },
    );
  }
  const technique = resolveTechnique(checkpoint, options.technique);
  const { shape } = checkpoint.info(variables.find('final_dense', 'weights'));
  return {
    depth,
    kind,
    blocks,
    classes: shape[shape.length - 1],
    imageSize: await findImageSize(checkpoint, options.imageSize),
    technique,
    threshold:
      technique === 'variational_dropout'
        ? resolveLogAlphaThreshold(checkpoint, options.logAlphaThreshold)
        : undefined,
    valuePrecision: resolveValuePrecision(options.valuePrecision),
  };
}

/** Scope of a layer of the first block of a group, which has a projection. @param part its number, or `projection` */
export function projectingScope(kind: BlockKind, group: number, part: number | 'projection'): string {
  return `${kind}_${part}_block_group_projection_block_group${group}`;
}

/** Scope of a layer of another block of a group. @param block from 1 */
export function identityScope(kind: BlockKind, group: number, block: number, part: number): string {
  return `${kind}_${part}_block_group${group}_${block}_1`;
}

/** Refuses a side of pictures whose pixels, with those of any others, are not a multiple of 16, which kernels need. */
export function checkImageSize(size: number): void {
  checkNumber(
    'the size of pictures (--image-size)',
    size,
    (value) => Number.isSafeInteger(value) && value >= SIDE_STEP && value % SIDE_STEP === 0,
    `a multiple of ${SIDE_STEP}`,
  );
}

const SIDE_STEP = 4;

async function findImageSize(checkpoint: Checkpoint, requested: number | undefined): Promise<number> {
  const size = requested ?? (await statedHparams(checkpoint)).imageSize ?? EVALUATION_SIZE;
  checkImageSize(size);
  return size;
}

function countBlocks(scopes: ReadonlySet<string>, kind: BlockKind, group: number): number {
  if (!scopes.has(projectingScope(kind, group, 1))) return 0;
  let blocks = 1;
  while (scopes.has(identityScope(kind, group, blocks, 1))) blocks++;
  return blocks;
}
