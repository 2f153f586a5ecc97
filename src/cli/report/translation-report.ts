import type { Transformer } from '../../models/transformer/model.ts';
import type { LineTranslation, TranslationProgress } from '../../models/transformer/translate-lines.ts';
import type { InputDigests } from '../session/input-files.ts';
import type { Session } from '../session/transformer-session.ts';
import { describeThreshold } from './describe-threshold.ts';
import { packageVersion } from './package-version.ts';

/** What came of a run of `tsos translate`. */
export interface TranslationRun {
  readonly translations: readonly LineTranslation[];
  /** After the last batch of this run. */
  readonly progress: TranslationProgress;
  /** Sentences that an earlier run had translated. */
  readonly resumed: number;
}

/** How far a run is that has translated nothing itself. */
export const NOTHING_TRANSLATED: TranslationProgress = {
  sentencesDone: 0,
  sentences: 0,
  tokens: 0,
  seconds: 0,
  tokensPerSecond: 0,
};

/** Everything that is needed to tell what a result was made from, with what, and how fast. */
export async function translationReport(
  options: Readonly<Record<string, unknown>>,
  inputs: InputDigests,
  { gpu, model, loadSeconds }: Session,
  { translations, progress, resumed }: TranslationRun,
): Promise<Record<string, unknown>> {
  const { technique, threshold = null, ...config } = model.config;
  return {
    versions: {
      tsos: await packageVersion(),
      runtime: gpu.adapter.runtime,
      webgpu: gpu.adapter.library ?? null,
    },
    adapter: gpu.adapter,
    inputs,
    options,
    technique,
    threshold,
    model: { ...config, vocabularySize: model.vocabularySize, ...model.weights, bytes: model.byteLength },
    sparsity: sparsityOf(model),
    loadSeconds,
    resumed,
    tokens: progress.tokens,
    seconds: progress.seconds,
    tokensPerSecond: progress.tokensPerSecond,
    sentences: translations,
  };
}

/** One line on what is about to run. */
export function describeModel(model: Transformer): string {
  const { technique, threshold, heads, headsSource } = model.config;
  const parts = [
    technique,
    `${(100 * sparsityOf(model)).toFixed(2)} % of all weights are zero`,
    threshold && describeThreshold(threshold),
    // A wrong number of heads is no error, only wrong output.
    headsSource === 'default' ? `${heads} heads (assumed; --heads where it has others)` : `${heads} heads`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

export function describeSpeed({ tokens, seconds, tokensPerSecond }: TranslationProgress): string {
  return `${tokens} tokens in ${seconds.toFixed(1)} s, ${tokensPerSecond.toFixed(1)} tokens/s`;
}

/** Zeros among the weights of all matrices, as a share. */
function sparsityOf({ weights: { nonzero, total } }: Transformer): number {
  return 1 - nonzero / total;
}
