import { UsageError } from '../../base/errors.ts';
import {
  agreeing,
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
  real,
  type Shape,
  text,
  whole,
} from '../../base/json-shape.ts';
import { formatSealed, readSealed } from '../../io/files/sealed-json.ts';
import { addTotals, type ClassificationTotals } from '../../metrics/classification.ts';
import type { UnusablePicture } from './classify.ts';
import { sharesOf } from './evaluate.ts';

/** All that decides on the result of an evaluation; parts of different ones are never added. */
export interface EvaluationIdentity {
  /** SHA-256, see `checkpointDigest`. */
  readonly checkpoint: string;
  /** How the weights were made sparse. */
  readonly technique: string;
  /** Log-alpha threshold of variational dropout, else null. */
  readonly threshold: number | null;
  /** How the weights were held. */
  readonly valuePrecision: 'f32' | 'f16';
  /** Classes of the network. */
  readonly classes: number;
  /** Side of the pictures, in pixels. */
  readonly imageSize: number;
  /** SHA-256 over names and sizes of the files with the pictures, and of the labels. */
  readonly data: string;
  /** Pictures from the beginning that it was for; null for all. */
  readonly limit: number | null;
}

/** A finished part of an evaluation, as `tsos evaluate` writes it and `tsos merge` adds it up. */
export interface EvaluationPart {
  /** Tells the file from others. */
  readonly format: 'tsos evaluation 1';
  /** What it was an evaluation of. */
  readonly identity: EvaluationIdentity;
  /** Which parts these are, of how many, ascending. */
  readonly shards: { readonly count: number; readonly done: readonly number[] };
  /** `crossEntropy` as a decimal of its units. */
  readonly totals: Omit<ClassificationTotals, 'crossEntropy'> & { readonly crossEntropy: string };
  /** Pictures that were skipped, by file and place. */
  readonly bad: readonly UnusablePicture[];
  /** The part of the loss that the pictures do not decide. */
  readonly weightDecayLoss: number;
  /** Time spent evaluating, over all parts. */
  readonly milliseconds: number;
  /** The adapters it ran on. */
  readonly adapters: readonly string[];
}

export const FORMAT: 'tsos evaluation 1' = 'tsos evaluation 1';

/** Parts of an evaluation that follow each other, both ends included. */
export interface ShardRange {
  /** The first of them. */
  readonly first: number;
  /** The last of them. */
  readonly last: number;
}

/** What an evaluation says. */
export interface EvaluationResult {
  /** Pictures that were classified. */
  readonly pictures: number;
  /** Pictures that could not be used. */
  readonly skipped: number;
  /** Fractions of the pictures; null where there are none. */
  readonly top1: number | null;
  /** As `top1`, of the five most probable classes. */
  readonly top5: number | null;
  /** As the original computes it: mean cross-entropy with smoothed labels, in nats, and weight decay. */
  readonly loss: number | null;
  /** Parts that have not been added yet, as ranges, both ends included. */
  readonly missingShards: readonly ShardRange[];
}

export function totalsOf({ totals }: Pick<EvaluationPart, 'totals'>): ClassificationTotals {
  return { ...totals, crossEntropy: BigInt(totals.crossEntropy) };
}

export function writtenTotals(totals: ClassificationTotals): EvaluationPart['totals'] {
  return { ...totals, crossEntropy: totals.crossEntropy.toString() };
}

/** What a part says, or all of them when they are merged: see `mergeEvaluations`. */
export function evaluationResult(part: EvaluationPart): EvaluationResult {
  const totals = totalsOf(part);
  const { top1, top5, loss } = sharesOf(totals);
  return {
    pictures: totals.pictures,
    skipped: part.bad.length,
    top1,
    top5,
    loss: loss === null ? null : loss + part.weightDecayLoss,
    missingShards: missingShards(part.shards),
  };
}

/** The gaps between those that are done; a count is only a number, so none is made for each. */
function missingShards({ count, done }: EvaluationPart['shards']): ShardRange[] {
  return [-1, ...done]
    .map((before, i) => ({ first: before + 1, last: (done[i] ?? count) - 1 }))
    .filter(({ first, last }) => first <= last);
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
  const others = new Set(b.shards.done);
  const twice = a.shards.done.find((index) => others.has(index));
  if (twice !== undefined) throw new UsageError(`shard ${twice} of ${a.shards.count} is there twice`);
}

/** What came of some pictures, as files have it. */
export const TOTALS = agreeing(
  fields({
    pictures: whole(),
    top1: whole(),
    top5: whole(),
    crossEntropy: text('a whole number in quotes', /^-?\d{1,40}$/),
  }),
  ({ pictures, top1, top5 }) =>
    top1 <= top5 && top5 <= pictures
      ? undefined
      : `of ${pictures} pictures ${top1} are right at once and ${top5} among the first five, which cannot be`,
) satisfies Shape<EvaluationPart['totals']>;

export const UNUSABLE_PICTURE = fields({
  file: text(),
  record: whole(),
  reason: text(),
  lostBytes: optional(nullable(whole())),
}) satisfies Shape<UnusablePicture>;

const IDENTITY = fields({
  checkpoint: text(),
  technique: text(),
  threshold: nullable(real()),
  valuePrecision: oneOf('f32', 'f16'),
  classes: whole(),
  imageSize: whole({ least: 1 }),
  data: text(),
  limit: nullable(whole()),
}) satisfies Shape<EvaluationIdentity>;

const SHARDS = agreeing(
  fields({ count: whole({ least: 1 }), done: listOf(whole(), { least: 1 }) }),
  ({ count, done }) =>
    done.every((index, i) => index < count && (i === 0 || index > done[i - 1]))
      ? undefined
      : `done must name different parts of ${count}, in order`,
);

const PART = fields({
  format: oneOf(FORMAT),
  identity: IDENTITY,
  shards: SHARDS,
  totals: TOTALS,
  bad: listOf(UNUSABLE_PICTURE),
  weightDecayLoss: real(),
  milliseconds: whole(),
  adapters: listOf(text()),
}) satisfies Shape<EvaluationPart>;

/** The text of the file of a part. */
export function formatEvaluationPart(part: EvaluationPart): string {
  return formatSealed(part);
}

/** Reads what `tsos evaluate` or `tsos merge` wrote. @throws {DataError} where the file is something else. */
export async function readEvaluationPart(file: string): Promise<EvaluationPart> {
  return readSealed(file, PART, 'result of "tsos evaluate" or "tsos merge"');
}

function comparePlaces(a: UnusablePicture, b: UnusablePicture): number {
  return compareText(a.file, b.file) || a.record - b.record || compareText(a.reason, b.reason);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
