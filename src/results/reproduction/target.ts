import { readFile } from 'node:fs/promises';
import { DataError } from '../../errors.ts';
import { TECHNIQUES } from '../../technique.ts';
import { type CheckpointFilter, METRIC_OF, type PublishedCheckpoint } from '../catalogue.ts';
import { isWithin } from '../range.ts';

/** A checkpoint and what was published of it, to be measured again. */
export type Target = Pick<
  PublishedCheckpoint,
  | 'name'
  | 'model'
  | 'technique'
  | 'sparsity'
  | 'figure'
  | 'keptWeights'
  | 'totalWeights'
  | 'logAlphaThreshold'
>;

/**
 * Reads checkpoints of one's own from JSON: `{"checkpoints": […]}` as `tsos list --json` prints it, of which only the
 * fields of a {@link Target} are needed.
 * @throws {DataError} where the file is something else.
 */
export async function readTargets(file: string): Promise<Target[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new DataError(`cannot be read (${cause.message})`, { file }, { cause });
  });
  let value: { checkpoints?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`is not JSON: ${(cause as Error).message}`, { file }, { cause });
  }
  const checkpoints = value?.checkpoints;
  if (!Array.isArray(checkpoints) || checkpoints.length === 0) {
    throw new DataError('has no list "checkpoints"; "tsos list --json" prints one', { file });
  }
  for (const [i, each] of checkpoints.entries()) {
    const wrong = findWrongField(each ?? {});
    if (wrong !== undefined) throw new DataError(`checkpoint ${i + 1} has no valid "${wrong}"`, { file });
  }
  const names = checkpoints.map(({ name }: Target) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new DataError(`has the checkpoint ${twice} twice`, { file });
  return checkpoints;
}

/** The targets that fit, in their order. */
export function selectTargets(
  targets: readonly Target[],
  { model, technique, sparsity }: CheckpointFilter,
): Target[] {
  return targets.filter(
    (target) =>
      (model === undefined || model === target.model) &&
      (technique === undefined || technique === target.technique) &&
      (sparsity === undefined || isWithin(target.sparsity, sparsity)),
  );
}

/** What each field of a target must be. Names become names of files. */
const FIELDS: Readonly<Record<keyof Target, (value: unknown) => boolean>> = {
  name: (value) => typeof value === 'string' && /^\w[\w.+-]*$/.test(value),
  model: (value) => Object.hasOwn(METRIC_OF, String(value)),
  technique: (value) => TECHNIQUES.some((technique) => technique === value),
  sparsity: (value) => isFrom(value, 0, 1),
  figure: (value) => isFrom(value, 0, 100),
  keptWeights: (value) => isFrom(value, 0, Number.MAX_SAFE_INTEGER),
  totalWeights: (value) => isFrom(value, 1, Number.MAX_SAFE_INTEGER),
  logAlphaThreshold: (value) => value === undefined || Number.isFinite(value),
};

function findWrongField(target: Readonly<Record<string, unknown>>): string | undefined {
  return Object.entries(FIELDS).find(([name, isValid]) => !isValid(target[name]))?.[0];
}

function isFrom(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && isWithin(value, { least, most });
}
