import { requireOptions } from '../../base/check-arguments.ts';
import { UsageError } from '../../base/errors.ts';
import { type Confidence, confidenceOf, pairedPValue, resampledScores } from './bootstrap.ts';
import { type BleuMethod, type Method, resolveMethod } from './methods.ts';
import { type NgramStatistics, ngramStatistics, sumStatistics } from './ngram-statistics.ts';
import { type Score, scoreStatistics } from './score.ts';
import { signatureOf } from './signature.ts';
import { resolveSmoothing, type Smoothing, type SmoothingMethod } from './smoothing.ts';

/** How BLEU is measured. */
export interface BleuOptions {
  /**
   * Which BLEU; scores by different methods must not be compared.
   *
   * - `moses-compound`: the paper's script `get_ende_bleu.sh`. Hypotheses are raw German: Unicode punctuation replaced, tokenised by
   *   Moses, compounds split. References are tokenised by Moses already (`newstest2014.tok.de`); only their compounds are split,
   *   so the typographic quotes `“ ”` in them never match.
   * - `moses`: the same without splitting compounds.
   * - `multi-bleu`: both sides are tokenised already; they are compared as they are.
   * - `13a`, `intl`, `none`: sacreBLEU with that tokeniser, both sides raw.
   */
  readonly method: BleuMethod;
  /** Compare in lower case. The three Moses methods, whose script reads bytes, lower ASCII letters only. Default false. */
  readonly lowercase?: boolean | undefined;
  /** Default that of the tool: none for the Moses methods, exp for sacreBLEU's. */
  readonly smoothing?: SmoothingMethod | undefined;
  /** Default 0.1 for floor and 1 for add-k; the others have none. */
  readonly smoothingValue?: number | undefined;
  /** Bootstrap samples to estimate a confidence interval from. Default none. */
  readonly bootstrap?: number | undefined;
  /** Of the bootstrap. Default 12345, which is sacreBLEU's. */
  readonly seed?: number | undefined;
}

/** A BLEU score and the sums it comes from. */
export interface BleuResult extends Score, NgramStatistics {
  /** Which BLEU it is. */
  readonly method: BleuMethod;
  /** All that the score depends on beside the texts, as sacreBLEU writes it. */
  readonly signature: string;
  /** Only with a bootstrap. */
  readonly confidence?: Confidence;
}

/** Two systems on the same references. */
export interface BleuComparison {
  /** The system that is compared with. */
  readonly baseline: BleuResult;
  /** The one that is compared. */
  readonly system: BleuResult;
  /** Of the paired bootstrap test: how probable such a difference is between systems that do not differ. */
  readonly pValue: number;
}

/**
 * Measures BLEU of a corpus of sentences, as multi-bleu.perl or sacreBLEU do, figure by figure.
 *
 * @param hypotheses one line for each sentence; an empty one counts as no tokens.
 * @param references one list or more, each with a line for each hypothesis.
 * @returns scores and precisions in percent, and the sums they come from.
 * @throws {UsageError} for options that cannot be, no hypotheses, no references, lists that are not of one length, or a reference
 *   length of 0.
 */
export function bleu(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: BleuOptions,
): BleuResult {
  const setting = resolve(references, options);
  return measure(hypotheses, references, setting).result;
}

/**
 * Compares a system with a baseline by a paired bootstrap test (Koehn 2004), with 1000 samples by default.
 *
 * @throws {UsageError} as {@link bleu} does, for either.
 */
export function compareBleu(
  baseline: readonly string[],
  system: readonly string[],
  references: readonly (readonly string[])[],
  options: BleuOptions,
): BleuComparison {
  requireOptions('compareBleu', options, ['method']);
  const setting = resolve(references, { ...options, bootstrap: options.bootstrap ?? DEFAULT_SAMPLES });
  const one = measure(baseline, references, setting);
  const other = measure(system, references, setting);
  const observed = Math.abs(one.result.score - other.result.score);
  return {
    baseline: one.result,
    system: other.result,
    pValue: pairedPValue(one.resampled!, other.resampled!, observed),
  };
}

const DEFAULT_SAMPLES = 1000;
const DEFAULT_SEED = 12345;

interface Setting {
  readonly name: BleuMethod;
  readonly method: Method;
  readonly lowercase: boolean;
  readonly smoothing: Smoothing;
  readonly bootstrap: { readonly samples: number; readonly seed: number } | undefined;
  readonly signature: string;
}

function resolve(references: readonly unknown[], options: BleuOptions): Setting {
  requireOptions('bleu', options, ['method']);
  const { method: name, lowercase = false, bootstrap: samples, seed = DEFAULT_SEED } = options;
  const method = resolveMethod(name);
  const smoothing = resolveSmoothing(options.smoothing ?? method.smoothing, options.smoothingValue);
  const bootstrap = samples === undefined ? undefined : { samples, seed };
  const signature = signatureOf({
    references: references.length,
    bootstrap,
    lowercase,
    method: name,
    smoothing,
  });
  return { name, method, lowercase, smoothing, bootstrap, signature };
}

/** A result with the scores of its bootstrap samples. */
interface Measurement {
  readonly result: BleuResult;
  readonly resampled?: Float64Array;
}

function measure(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  { name, method, lowercase, smoothing, bootstrap, signature }: Setting,
): Measurement {
  checkLengths(hypotheses, references);
  const sentences = hypotheses.map((hypothesis, i) =>
    ngramStatistics(
      method.hypothesis(hypothesis, lowercase),
      references.map((lines) => method.reference(lines[i], lowercase)),
    ),
  );
  const corpus = sumStatistics(sentences);
  if (corpus.referenceLength === 0) {
    throw new UsageError('the references nearest in length have no words; BLEU needs some to compare with');
  }
  const result = { method: name, signature, ...scoreStatistics(corpus, smoothing), ...corpus };
  if (bootstrap === undefined) return { result };
  const resampled = resampledScores(sentences, { ...bootstrap, smoothing });
  return { result: { ...result, confidence: confidenceOf(resampled, bootstrap) }, resampled };
}

function checkLengths(hypotheses: readonly string[], references: readonly (readonly string[])[]): void {
  if (hypotheses.length === 0) throw new UsageError('there are no hypotheses; BLEU needs at least one');
  if (references.length === 0) throw new UsageError('there are no references; BLEU needs at least one list');
  const wrong = references.findIndex((lines) => lines.length !== hypotheses.length);
  if (wrong < 0) return;
  throw new UsageError(
    `${hypotheses.length} hypotheses, but reference ${wrong + 1} has ${references[wrong].length} lines; give one line for each`,
  );
}
