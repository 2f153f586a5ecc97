import { fromPercent, toPercent } from '../base/percent.ts';
import type { Technique } from '../base/technique.ts';
import { type PublishedModel, type PublishedName, parsePublishedName } from '../layers/published-name.ts';
import { type CatalogueEntry, RESNETS, TRANSFORMERS } from './catalogue-data.ts';
import { namedCheckpoint } from './named-checkpoints.ts';
import { isWithin, type Range } from './range.ts';

/** Where the paper's checkpoints are published. */
export const PUBLISHED_AT = 'https://storage.googleapis.com/tsos/checkpoints';

/** A checkpoint that the authors of the paper published. */
export interface PublishedCheckpoint {
  /** Of its directory; its archive is called so too. */
  readonly name: string;
  /** Which of the paper’s two models. */
  readonly model: PublishedModel;
  /** How it was made sparse. */
  readonly technique: Technique;
  /** The share of zeros it is advertised with, 0 to 1. */
  readonly sparsity: number;
  /** Everything its name says. */
  readonly settings: PublishedName;
  /** Of its archive, below {@link PUBLISHED_AT} or a mirror of it. */
  readonly path: string;
  /** What it was measured by. */
  readonly metric: Metric;
  /** The published result: BLEU in its points, 0 to 100; top-1 accuracy as a share, 0 to 1. */
  readonly figure: number;
  /** What to evaluate it with; only for variational dropout. */
  readonly logAlphaThreshold?: number;
  /** Weights that are kept, out of all of the sparsified layers; exact, at that threshold. */
  readonly keptWeights: number;
  /** Weights of all sparsified layers, pruned ones included. */
  readonly totalWeights: number;
  /** Where its run is among the published results: a file below their folder, and a line of it, the header being 1. */
  readonly row?: { readonly file: string; readonly line: number };
}

/** BLEU on newstest2014 by the paper's Moses pipeline, or top-1 accuracy on the ImageNet validation set. */
export type Metric = 'BLEU' | 'top-1';

export const METRIC_OF: Readonly<Record<PublishedModel, Metric>> = { transformer: 'BLEU', rn50: 'top-1' };

/** A figure as papers print it, for programs: BLEU stays in its points, top-1 accuracy becomes a share. */
export function qualityOf(metric: Metric, points: number): number {
  return metric === 'BLEU' ? points : fromPercent(points);
}

/** The reverse: what people read. */
export function pointsOf(metric: Metric, quality: number): number {
  return metric === 'BLEU' ? quality : toPercent(quality);
}

/** All of the 97 matrices of the Transformer, embedding included. */
const TRANSFORMER_WEIGHTS = 61_083_648;
const RESNET_WEIGHTS = 25_502_912;
/** Without the first convolution, 7·7·3·64. */
const RESNET_WEIGHTS_FIRST_DENSE = RESNET_WEIGHTS - 9408;

/** All 49 of them: by model, technique and rising sparsity. */
export const PUBLISHED_CHECKPOINTS: readonly PublishedCheckpoint[] = [...TRANSFORMERS, ...RESNETS].map(
  describe,
);

/** Which checkpoints are wanted; what is left out is not asked about. */
export interface CheckpointFilter {
  /** Only those of this model. */
  readonly model?: PublishedModel | undefined;
  /** Only those of this technique. */
  readonly technique?: Technique | undefined;
  /** Of the advertised sparsity. */
  readonly sparsity?: Range | undefined;
}

/** The published checkpoints that fit, in the order of {@link PUBLISHED_CHECKPOINTS}. */
export function selectCheckpoints(filter: CheckpointFilter = {}): PublishedCheckpoint[] {
  return PUBLISHED_CHECKPOINTS.filter((checkpoint) => fits(checkpoint, filter));
}

/** Whether a checkpoint is one of those that are wanted. */
export function fits(
  { model, technique, sparsity }: Pick<PublishedCheckpoint, 'model' | 'technique' | 'sparsity'>,
  wanted: CheckpointFilter,
): boolean {
  return (
    (wanted.model === undefined || wanted.model === model) &&
    (wanted.technique === undefined || wanted.technique === technique) &&
    (wanted.sparsity === undefined || isWithin(sparsity, wanted.sparsity))
  );
}

/** Whether a name is of magnitude pruning with the extended training of ResNet-50. */
export function isExtended(settings: PublishedName): boolean {
  return 'schedule' in settings && settings.schedule === 'extended';
}

/**
 * The published checkpoint of a name, with or without `.tar`.
 * @throws {UsageError} where there is none; names the nearest.
 */
export function publishedCheckpoint(name: string): PublishedCheckpoint {
  return namedCheckpoint(PUBLISHED_CHECKPOINTS, name);
}

function describe([name, figure, keptWeights, line, sparsity]: CatalogueEntry): PublishedCheckpoint {
  const settings = parsePublishedName(name)!;
  const { model, technique } = settings;
  const folder = `sparse_${model}`;
  const metric = METRIC_OF[model];
  const file = `${folder}/technique_comparison/${model}_${technique}.csv`;
  return {
    name,
    model,
    technique,
    sparsity: sparsity ?? settings.sparsity,
    settings,
    path: `${folder}/${name}.tar`,
    metric,
    figure: qualityOf(metric, figure),
    ...('logAlphaThreshold' in settings ? { logAlphaThreshold: settings.logAlphaThreshold } : {}),
    keptWeights,
    totalWeights: totalWeights(settings),
    ...(line === undefined ? {} : { row: { file, line } }),
  };
}

function totalWeights(settings: PublishedName): number {
  if (settings.model === 'transformer') return TRANSFORMER_WEIGHTS;
  return isExtended(settings) ? RESNET_WEIGHTS_FIRST_DENSE : RESNET_WEIGHTS;
}
