import { DataError, UsageError } from '../../base/errors.ts';
import { readJson } from '../../io/files/read-json.ts';
import { addTotals, type ClassificationTotals, meanCrossEntropy } from '../../metrics/classification.ts';
import type { UnusablePicture } from './classify.ts';

/** All that decides on the result of an evaluation; parts of different ones are never added. */
export interface EvaluationIdentity {
  /** SHA-256, see `checkpointDigest`. */
  readonly checkpoint: string;
  readonly technique: string;
  /** Log-alpha threshold of variational dropout, else null. */
  readonly threshold: number | null;
  /** How the weights were held. */
  readonly valuePrecision: 'f32' | 'f16';
  readonly classes: number;
  /** SHA-256 over names and sizes of the files with the pictures, and of the labels. */
  readonly data: string;
  readonly limit: number | null;
}

/** A finished part of an evaluation, as `tsos evaluate` writes it and `tsos merge` adds it up. */
export interface EvaluationPart {
  readonly format: typeof FORMAT;
  readonly identity: EvaluationIdentity;
  /** Which parts these are, of how many, ascending. */
  readonly shards: { readonly count: number; readonly done: readonly number[] };
  /** `crossEntropy` as a decimal of its units. */
  readonly totals: Omit<ClassificationTotals, 'crossEntropy'> & { readonly crossEntropy: string };
  /** Pictures that were skipped, by file and place. */
  readonly bad: readonly UnusablePicture[];
  readonly weightDecayLoss: number;
  /** Time spent evaluating, over all parts. */
  readonly milliseconds: number;
  /** The adapters it ran on. */
  readonly adapters: readonly string[];
}

export const FORMAT = 'tsos evaluation 1';

/** What an evaluation says. */
export interface EvaluationResult {
  readonly pictures: number;
  readonly skipped: number;
  /** Fractions of the pictures; null where there are none. */
  readonly top1: number | null;
  readonly top5: number | null;
  /** As the original computes it: mean cross-entropy with smoothed labels, in nats, and weight decay. */
  readonly loss: number | null;
  /** Parts that have not been added yet. */
  readonly missingShards: readonly number[];
}

export function totalsOf({ totals }: Pick<EvaluationPart, 'totals'>): ClassificationTotals {
  return { ...totals, crossEntropy: BigInt(totals.crossEntropy) };
}

export function writtenTotals(totals: ClassificationTotals): EvaluationPart['totals'] {
  return { ...totals, crossEntropy: totals.crossEntropy.toString() };
}

export function evaluationResult(part: EvaluationPart): EvaluationResult {
  const totals = totalsOf(part);
  const { pictures } = totals;
  const done = new Set(part.shards.done);
  const share = (count: number) => (pictures === 0 ? null : count / pictures);
  return {
    pictures,
    skipped: part.bad.length,
    top1: share(totals.top1),
    top5: share(totals.top5),
    loss: pictures === 0 ? null : meanCrossEntropy(totals) + part.weightDecayLoss,
    missingShards: Array.from({ length: part.shards.count }, (_, index) => index).filter(
      (index) => !done.has(index),
    ),
  };
}

/**
 * Adds parts of one evaluation, exactly and in any order: merging merged parts gives the same.
 * @throws {UsageError} for none, for parts of different evaluations, and for one that is given twice.
 */
export function mergeEvaluations(parts: readonly EvaluationPart[]): EvaluationPart {
  if (parts.length === 0) throw new UsageError('no parts of an evaluation to merge');
  return parts.reduce(merge);
}

function merge(a: EvaluationPart, b: EvaluationPart): EvaluationPart {
  requireSameEvaluation(a, b);
  return {
    format: FORMAT,
    identity: a.identity,
    shards: {
      count: a.shards.count,
      done: [...a.shards.done, ...b.shards.done].sort((one, other) => one - other),
    },
    totals: writtenTotals(addTotals(totalsOf(a), totalsOf(b))),
    bad: [...a.bad, ...b.bad].sort(comparePlaces),
    weightDecayLoss: a.weightDecayLoss,
    milliseconds: a.milliseconds + b.milliseconds,
    adapters: [...new Set([...a.adapters, ...b.adapters])].sort(compareText),
  };
}

function requireSameEvaluation(a: EvaluationPart, b: EvaluationPart): void {
  const [one, other] = [a, b].map(({ identity, weightDecayLoss }) => ({ ...identity, weightDecayLoss }));
  for (const key of Object.keys(one) as (keyof typeof one)[]) {
    if (one[key] !== other[key]) {
      throw new UsageError(
        `the parts are of different evaluations: ${key} is ${one[key]} in one and ${other[key]} in another`,
      );
    }
  }
  if (a.shards.count !== b.shards.count) {
    throw new UsageError(`the parts are of ${a.shards.count} and of ${b.shards.count} shards`);
  }
  const twice = a.shards.done.find((index) => b.shards.done.includes(index));
  if (twice !== undefined) throw new UsageError(`shard ${twice} of ${a.shards.count} is there twice`);
}

/** Reads what `tsos evaluate` or `tsos merge` wrote. @throws {DataError} where the file is something else. */
export async function readEvaluationPart(file: string): Promise<EvaluationPart> {
  const value = await readJson(file);
  if (!isEvaluationPart(value)) {
    throw new DataError('is no result of "tsos evaluate" or "tsos merge"', { file });
  }
  return value;
}

type Unknown<T> = { readonly [Key in keyof T]?: unknown };

function isEvaluationPart(value: unknown): value is EvaluationPart {
  const part = fieldsOf<EvaluationPart>(value);
  return (
    part.format === FORMAT &&
    isIdentity(fieldsOf(part.identity)) &&
    areShards(fieldsOf(part.shards)) &&
    areTotals(fieldsOf(part.totals)) &&
    isListOf(part.bad, isUnusablePicture) &&
    isNumber(part.weightDecayLoss) &&
    isCount(part.milliseconds) &&
    isListOf(part.adapters, isText)
  );
}

/** Nothing of what is no object can be read, nor of null. */
function fieldsOf<T>(value: unknown): Unknown<T> {
  return typeof value === 'object' && value !== null ? value : {};
}

function isIdentity(identity: Unknown<EvaluationIdentity>) {
  const { checkpoint, technique, threshold, valuePrecision, classes, data, limit } = identity;
  return (
    [checkpoint, technique, data].every(isText) &&
    isCount(classes) &&
    (threshold === null || isNumber(threshold)) &&
    (valuePrecision === 'f32' || valuePrecision === 'f16') &&
    (limit === null || isCount(limit))
  );
}

function areShards({ count, done }: Unknown<EvaluationPart['shards']>): boolean {
  return (
    isCount(count) &&
    isListOf(done, isCount) &&
    done.length > 0 &&
    done.every((index, at) => index < count && (at === 0 || index > done[at - 1]))
  );
}

function areTotals({ pictures, top1, top5, crossEntropy }: Unknown<EvaluationPart['totals']>): boolean {
  return [pictures, top1, top5].every(isCount) && isText(crossEntropy) && /^-?\d+$/.test(crossEntropy);
}

function isUnusablePicture(value: unknown): value is UnusablePicture {
  const { file, record, reason } = fieldsOf<UnusablePicture>(value);
  return isText(file) && isCount(record) && isText(reason);
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function comparePlaces(a: UnusablePicture, b: UnusablePicture): number {
  return compareText(a.file, b.file) || a.record - b.record || compareText(a.reason, b.reason);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
