import { DataError } from '../../base/errors.ts';
import { TECHNIQUES } from '../../base/technique.ts';
import { readJson } from '../../io/files/read-json.ts';
import { METRIC_OF, type PublishedCheckpoint } from '../catalogue.ts';
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
  const value = (await readJson(file)) as { checkpoints?: unknown } | null;
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
