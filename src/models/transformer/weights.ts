import { DataError } from '../../base/errors.ts';
import type { Scope } from '../../graph/device/scope.ts';
import type { Normalisation } from '../../graph/operations/operations.ts';
import { uploadWeight, type Weight, type WeightOptions } from '../../graph/weights/weight.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { readEffectiveMatrix } from '../../layers/effective-weights.ts';
import { readFiniteFloats } from '../../layers/finite-floats.ts';
import { biasName, embeddingSite, layerSites } from '../../layers/transformer-sites.ts';
import { inOrder, PartLoader } from '../loading/part-loader.ts';
import type { TransformerConfig, TransformerOptions } from './config.ts';

/** Attention whose queries, keys and values come from the same activations: one product `[3H, H]` makes all three. */
export interface SelfAttention {
  readonly norm: Normalisation;
  readonly project: Weight;
  readonly output: Weight;
}

/** Attention of the decoder to the encoder: keys and values `[2H, H]` are made once per sentence. */
export interface CrossAttention {
  readonly norm: Normalisation;
  readonly query: Weight;
  readonly keyValue: Weight;
  readonly output: Weight;
}

/** `relu(y W1 + b1) W2 + b2` */
export interface FeedForward {
  readonly norm: Normalisation;
  readonly expand: Weight;
  readonly contract: Weight;
}

export interface EncoderLayer {
  readonly attention: SelfAttention;
  readonly feedForward: FeedForward;
}

export interface DecoderLayer extends EncoderLayer {
  readonly crossAttention: CrossAttention;
}

/** All of a Transformer on the device. */
export interface TransformerWeights {
  /** `[V, H]`, both embedding and softmax. */
  readonly embedding: Weight;
  /** `[H]`, row 0 of the target space embedding; on the host, where it joins the timing signal. */
  readonly targetSpace: Float32Array;
  readonly encoder: readonly EncoderLayer[];
  readonly encoderNorm: Normalisation;
  readonly decoder: readonly DecoderLayer[];
  readonly decoderNorm: Normalisation;
}

export const LAYER_NORM_EPSILON = 1e-6;

/**
 * Reads all variables of the model and uploads them, matrix by matrix, so that beside the device never more than a few
 * compressed matrices are held.
 */
export async function loadWeights(
  scope: Scope,
  checkpoint: Checkpoint,
  config: TransformerConfig,
  options: TransformerOptions,
): Promise<TransformerWeights> {
  const { hidden, technique, scope: top, encoderLayers, decoderLayers } = config;
  const body = `${top}/body`;
  const held = heldAs(config, options);
  const parts = new PartLoader();
  const total = 1 + encoderLayers * 4 + decoderLayers * 7;
  let done = 0;

  const matrix = (
    name: string,
    scopes: readonly string[],
    shape: readonly [rows: number | undefined, cols: number | undefined],
    withBias = false,
  ): Promise<Weight> =>
    parts.load(async () => {
      const sites = scopes.flatMap((each) => layerSites(checkpoint, each, technique));
      const threshold = config.threshold?.value;
      const csr = await readEffectiveMatrix(checkpoint, sites, technique, {
        transpose: true,
        ...(threshold === undefined ? {} : { threshold }),
      });
      expectShape(checkpoint, scopes[0], [csr.rows, csr.cols], shape);
      const bias = withBias
        ? await vector(checkpoint, biasName(checkpoint, scopes[0], technique), csr.rows)
        : undefined;
      const weight = uploadWeight(scope, name, csr, { bias, ...held });
      options.onProgress?.(++done, total);
      return weight;
    });

  const norm = (path: string): Promise<Normalisation> =>
    parts.load(async () => {
      const name = `${path}/layer_prepostprocess/layer_norm/layer_norm`;
      const part = async (leaf: string) =>
        scope.upload(`${name}_${leaf}`, [hidden], await vector(checkpoint, `${name}_${leaf}`, hidden));
      return { scale: await part('scale'), bias: await part('bias'), epsilon: LAYER_NORM_EPSILON };
    });

  const selfAttention = (layer: string): Promise<SelfAttention> => {
    const path = `${layer}/self_attention`;
    const heads = `${path}/multihead_attention`;
    return inOrder({
      norm: norm(path),
      project: matrix(`${heads}/qkv`, [`${heads}/q`, `${heads}/k`, `${heads}/v`], [3 * hidden, hidden]),
      output: matrix(`${heads}/output_transform`, [`${heads}/output_transform`], [hidden, hidden]),
    });
  };

  const crossAttention = (layer: string): Promise<CrossAttention> => {
    const path = `${layer}/encdec_attention`;
    const heads = `${path}/multihead_attention`;
    return inOrder({
      norm: norm(path),
      query: matrix(`${heads}/q`, [`${heads}/q`], [hidden, hidden]),
      keyValue: matrix(`${heads}/kv`, [`${heads}/k`, `${heads}/v`], [2 * hidden, hidden]),
      output: matrix(`${heads}/output_transform`, [`${heads}/output_transform`], [hidden, hidden]),
    });
  };

  const feedForward = async (layer: string): Promise<FeedForward> => {
    const path = `${layer}/ffn`;
    const loaded = await inOrder({
      expand: matrix(`${path}/conv1`, [`${path}/conv1`], [undefined, hidden], true),
      norm: norm(path),
      contract: matrix(`${path}/conv2`, [`${path}/conv2`], [hidden, undefined], true),
    });
    const { rows, cols } = loaded.contract;
    expectShape(checkpoint, `${path}/conv2`, [rows, cols], [hidden, loaded.expand.rows]);
    return loaded;
  };

  const layers = (side: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${body}/${side}/layer_${index}`);
  try {
    return await inOrder({
      encoder: inOrder(
        layers('encoder', encoderLayers).map((layer) =>
          inOrder({ attention: selfAttention(layer), feedForward: feedForward(layer) }),
        ),
      ),
      decoder: inOrder(
        layers('decoder', decoderLayers).map((layer) =>
          inOrder({
            attention: selfAttention(layer),
            crossAttention: crossAttention(layer),
            feedForward: feedForward(layer),
          }),
        ),
      ),
      embedding: parts.load(async () => {
        const embedding = await loadEmbedding(scope, checkpoint, config, options);
        options.onProgress?.(++done, total);
        return embedding;
      }),
      targetSpace: parts.load(() =>
        loadTargetSpace(checkpoint, `${body}/target_space_embedding/kernel`, hidden),
      ),
      encoderNorm: norm(`${body}/encoder`),
      decoderNorm: norm(`${body}/decoder`),
    });
  } finally {
    await parts.close();
  }
}

async function loadEmbedding(
  scope: Scope,
  checkpoint: Checkpoint,
  config: TransformerConfig,
  options: TransformerOptions,
): Promise<Weight> {
  const { embeddingScope, technique, threshold, vocabulary, hidden } = config;
  const site = embeddingSite(checkpoint, embeddingScope, technique);
  const csr = await readEffectiveMatrix(
    checkpoint,
    site,
    technique,
    threshold === undefined ? {} : { threshold: threshold.value },
  );
  expectShape(checkpoint, embeddingScope, [csr.rows, csr.cols], [vocabulary, hidden]);
  return uploadWeight(scope, embeddingScope, csr, { embedding: true, ...heldAs(config, options) });
}

function heldAs(
  { valuePrecision }: TransformerConfig,
  { format }: TransformerOptions,
): Pick<WeightOptions, 'format' | 'values'> {
  return { format, values: valuePrecision };
}

/** The original always decodes in target space 0. */
async function loadTargetSpace(checkpoint: Checkpoint, name: string, hidden: number): Promise<Float32Array> {
  return (await readFiniteFloats(checkpoint, name, [undefined, hidden])).slice(0, hidden);
}

function vector(checkpoint: Checkpoint, name: string, length: number): Promise<Float32Array> {
  return readFiniteFloats(checkpoint, name, [length]);
}

function expectShape(
  checkpoint: Checkpoint,
  name: string,
  actual: readonly [number, number],
  wanted: readonly [number | undefined, number | undefined],
): void {
  const fits = wanted.every((extent, axis) => extent === undefined || extent === actual[axis]);
  if (fits) return;
  const text = wanted.map((extent) => extent ?? 'any').join(', ');
  throw new DataError(`${name} gives a matrix [${actual.join(', ')}], the model needs [${text}]`, {
    file: checkpoint.path,
  });
}
