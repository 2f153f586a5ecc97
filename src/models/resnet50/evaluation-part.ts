import { readFile } from 'node:fs/promises';
import { DataError, UsageError } from '../../errors.ts';
import { addTotals, type ClassificationTotals, meanCrossEntropy } from '../../metrics/classification.ts';
import type { UnusablePicture } from './evaluate.ts';

/** All that decides on the result of an evaluation; parts of different ones are never added. */
export interface EvaluationIdentity {
  /** SHA-256, see `checkpointDigest`. */
  readonly checkpoint: string;
  readonly technique: string;
  /** Log-alpha threshold of variational dropout, else null. */
  readonly threshold: number | null;
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
  return parts.reduce((a, b) => {
    for (const key of Object.keys(a.identity) as (keyof EvaluationIdentity)[]) {
      if (a.identity[key] !== b.identity[key]) {
        throw new UsageError(
          `the parts are of different evaluations: ${key} is ${a.identity[key]} in one and ${b.identity[key]} in another`,
        );
      }
    }
    if (a.shards.count !== b.shards.count) {
      throw new UsageError(`the parts are of ${a.shards.count} and of ${b.shards.count} shards`);
    }
    const twice = a.shards.done.find((index) => b.shards.done.includes(index));
    if (twice !== undefined) throw new UsageError(`shard ${twice} of ${a.shards.count} is there twice`);
    return {
      format: FORMAT,
      identity: a.identity,
      shards: {
        count: a.shards.count,
        done: [...a.shards.done, ...b.shards.done].sort((one, other) => one - other),
      },
      totals: writtenTotals(addTotals(totalsOf(a), totalsOf(b))),
      bad: [...a.bad, ...b.bad].sort(
        (one, other) => compareText(one.file, other.file) || one.record - other.record,
      ),
      weightDecayLoss: a.weightDecayLoss,
      milliseconds: a.milliseconds + b.milliseconds,
      adapters: [...new Set([...a.adapters, ...b.adapters])].sort(compareText),
    };
  });
}

/** Reads what `tsos evaluate` or `tsos merge` wrote. @throws {DataError} where the file is something else. */
export async function readEvaluationPart(file: string): Promise<EvaluationPart> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new DataError(`cannot be read (${cause.message})`, { file }, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`is not JSON: ${(cause as Error).message}`, { file }, { cause });
  }
  if (!isEvaluationPart(value)) {
    throw new DataError('is no result of "tsos evaluate" or "tsos merge"', { file });
  }
  return value;
}

function isEvaluationPart(value: unknown): value is EvaluationPart {
  const { format, identity, shards, totals, bad, weightDecayLoss, milliseconds, adapters } = (value ??
    {}) as Partial<Record<keyof EvaluationPart, unknown>>;
  const { count, done } = (shards ?? {}) as { count?: unknown; done?: unknown };
  const { pictures, top1, top5, crossEntropy } = (totals ?? {}) as Record<string, unknown>;
  return (
    format === FORMAT &&
    typeof identity === 'object' &&
    identity !== null &&
    isCount(count) &&
    Array.isArray(done) &&
    done.every((index) => isCount(index) && index < count) &&
    [pictures, top1, top5, milliseconds].every(isCount) &&
    typeof crossEntropy === 'string' &&
    /^-?\d+$/.test(crossEntropy) &&
    typeof weightDecayLoss === 'number' &&
    Array.isArray(bad) &&
    Array.isArray(adapters)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
