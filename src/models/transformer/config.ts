import { checkOneOf } from '../../base/check-arguments.ts';
import { DataError, UsageError } from '../../base/errors.ts';
import type { Technique } from '../../base/technique.ts';
import { resolveValuePrecision, type ValuePrecision } from '../../graph/weights/half-precision.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import {
  type LogAlphaThreshold,
  resolveLogAlphaThreshold,
  resolveTechnique,
} from '../../layers/resolve-technique.ts';
import { embeddingSite, layerSites } from '../../layers/transformer-sites.ts';
import { statedHparams } from '../hparams.ts';

/** Id of padding and of "no token yet". */
export const PAD = 0;
/** Id that ends a sentence. */
export const EOS = 1;

/** What the checkpoint cannot tell, or what overrides what it tells. */
export interface TransformerOptions {
  /** Default: recognised from the names of the variables. */
  readonly technique?: Technique | undefined;
  /** Variational dropout: weights with a larger log-alpha are dropped. Default: from a published directory name, else 3. */
  readonly logAlphaThreshold?: number | undefined;
  /** Attention heads. Default: from split heads, else `num_heads` of its metadata or of an `hparams.json` beside it, else 8. */
  readonly heads?: number | undefined;
  /** Hold every matrix so, instead of by its density. */
  readonly format?: 'sparse' | 'dense' | undefined;
  /** Hold the values of weights in 16 or 32 bits; see `toHalves` for what 16 lose. Default: `f32`. */
  readonly valuePrecision?: ValuePrecision | undefined;
  /** Called as variables are loaded. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Where a number of heads comes from: shapes of variables do not tell it. */
export type HeadsSource = 'option' | 'split heads' | 'metadata' | 'hparams.json' | 'default';

/** A Transformer as its checkpoint describes it. */
export interface TransformerConfig {
  /** Scope of all variables: `sparse_transformer`, or `transformer` of plain Tensor2Tensor. */
  readonly scope: string;
  /** Scope of the shared embedding. */
  readonly embeddingScope: string;
  /** How it was made sparse. */
  readonly technique: Technique;
  /** Only for variational dropout. */
  readonly threshold: LogAlphaThreshold | undefined;
  /** V: rows of the embedding. */
  readonly vocabulary: number;
  /** H: features of an activation. */
  readonly hidden: number;
  /** Attention heads; they divide the features. */
  readonly heads: number;
  /** What the number of heads was taken from; a wrong one gives wrong output, not an error. */
  readonly headsSource: HeadsSource;
  /** Layers of the encoder. */
  readonly encoderLayers: number;
  /** Layers of the decoder. */
  readonly decoderLayers: number;
  /** How weights are held on the device. */
  readonly valuePrecision: ValuePrecision;
}

/**
 * Reads the shape of the model from names and shapes of variables.
 * @throws {DataError} where this is no Transformer with a shared embedding.
 * @throws {UsageError} where the number of heads does not divide the features, and for options that there are not.
 */
export async function readConfig(
  checkpoint: Checkpoint,
  options: TransformerOptions,
): Promise<TransformerConfig> {
  if (options.format !== undefined) checkOneOf('format', options.format, ['sparse', 'dense']);
  const names = checkpoint.names();
  const scope = findScope(checkpoint, names);
  const embeddingScope = findEmbeddingScope(checkpoint, names, scope);
  const technique = resolveTechnique(checkpoint, options.technique);
  const threshold =
    technique === 'variational_dropout'
      ? resolveLogAlphaThreshold(checkpoint, options.logAlphaThreshold)
      : undefined;
  const norm = `${scope}/body/encoder/layer_prepostprocess/layer_norm/layer_norm_scale`;
  const [hidden] = checkpoint.info(norm).shape;
  const config = {
    scope,
    embeddingScope,
    technique,
    threshold,
    hidden,
    vocabulary: vocabularySize(checkpoint, embeddingScope, technique),
    ...(await findHeads(checkpoint, scope, technique, options.heads)),
    encoderLayers: countLayers(checkpoint, names, `${scope}/body/encoder/`),
    decoderLayers: countLayers(checkpoint, names, `${scope}/body/decoder/`),
    valuePrecision: resolveValuePrecision(options.valuePrecision),
  };
  if (!Number.isInteger(config.heads) || config.heads < 1 || hidden % config.heads !== 0) {
    throw new UsageError(
      `${checkpoint.path}: ${config.heads} heads do not divide ${hidden} features; give the right number (--heads, or the option heads)`,
    );
  }
  return config;
}

const FIRST_LAYER = '/body/encoder/layer_0/self_attention/';

function findScope(checkpoint: Checkpoint, names: readonly string[]): string {
  const first = names.find((name) => name.includes(FIRST_LAYER) && !name.startsWith('training/'));
  if (first === undefined) {
    throw new DataError(
      `holds no Transformer: no variable contains "${FIRST_LAYER}"; "tsos inspect" lists what it holds`,
      { file: checkpoint.path },
    );
  }
  return first.slice(0, first.indexOf(FIRST_LAYER));
}

function findEmbeddingScope(checkpoint: Checkpoint, names: readonly string[], scope: string): string {
  const pattern = /\/symbol_modality_\d+_\d+\/shared\/weights_0$/;
  const first = names.find((name) => name.startsWith(`${scope}/`) && pattern.test(name));
  if (first === undefined) {
    throw new DataError(
      `has no embedding shared by inputs, targets and softmax (${scope}/symbol_modality_<V>_<H>/shared/weights_0); only such models are supported`,
      { file: checkpoint.path },
    );
  }
  return first.slice(0, first.lastIndexOf('/'));
}

/** Layers are numbered from 0 without gaps. */
function countLayers(checkpoint: Checkpoint, names: readonly string[], prefix: string): number {
  const indices = new Set<number>();
  for (const name of names) {
    if (!name.startsWith(`${prefix}layer_`)) continue;
    const index = Number.parseInt(name.slice(prefix.length + 'layer_'.length), 10);
    if (Number.isInteger(index)) indices.add(index);
  }
  let count = 0;
  while (indices.has(count)) count++;
  if (count === 0 || count !== indices.size) {
    throw new DataError(`${prefix}layer_${count} is missing; the checkpoint is incomplete`, {
      file: checkpoint.path,
    });
  }
  return count;
}

/** Rows of all shards, which the name of their scope says too. */
function vocabularySize(checkpoint: Checkpoint, embeddingScope: string, technique: Technique): number {
  const { weights } = embeddingSite(checkpoint, embeddingScope, technique);
  const rows = weights.reduce((sum, name) => sum + checkpoint.info(name).shape[0], 0);
  const named = Number(/symbol_modality_(\d+)_/.exec(embeddingScope)?.[1]);
  if (rows !== named) {
    throw new DataError(
      `${embeddingScope} has ${rows} rows in ${weights.length} shards, its name says ${named}; a shard is missing`,
      { file: checkpoint.path },
    );
  }
  return rows;
}

const DEFAULT_HEADS = 8;

async function findHeads(
  checkpoint: Checkpoint,
  scope: string,
  technique: Technique,
  requested: number | undefined,
): Promise<{ heads: number; headsSource: HeadsSource }> {
  if (requested !== undefined) return { heads: requested, headsSource: 'option' };
  const split = layerSites(checkpoint, `${scope}${FIRST_LAYER}multihead_attention/q`, technique).length;
  if (split > 1) return { heads: split, headsSource: 'split heads' };
  const { heads, source } = await statedHparams(checkpoint);
  return heads === undefined
    ? { heads: DEFAULT_HEADS, headsSource: 'default' }
    : { heads, headsSource: source };
}
