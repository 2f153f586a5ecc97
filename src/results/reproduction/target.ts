import { DataError } from '../../base/errors.ts';
import {
  agreeing,
  fields,
  listOf,
  oneOf,
  optional,
  real,
  type Shape,
  text,
  whole,
} from '../../base/json-shape.ts';
import { TECHNIQUES } from '../../base/technique.ts';
import { readJson } from '../../io/files/read-json.ts';
import { METRIC_OF, type PublishedCheckpoint } from '../catalogue.ts';

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
> & {
  /** Of its archive where it is fetched from; see `Fetchable`. */
  readonly path?: string | undefined;
};

/** Names become names of files. */
export const CHECKPOINT_NAME = text('a name of letters, digits and ._+-', /^\w[\w.+-]*$/);

const TARGET = agreeing(
  fields({
    name: CHECKPOINT_NAME,
    model: oneOf('transformer', 'rn50'),
    technique: oneOf(...TECHNIQUES),
    sparsity: real({ least: 0, most: 1 }),
    figure: real({ least: 0, most: 100 }),
    keptWeights: whole(),
    totalWeights: whole({ least: 1 }),
    logAlphaThreshold: optional(real()),
    path: optional(text('a path without ".." below an address', /^\w[\w.+-]*(\/\w[\w.+-]*)*$/)),
  }),
  ({ model, figure }) =>
    METRIC_OF[model] === 'top-1' && figure > 1
      ? `figure is ${figure}; top-1 accuracy must be a share from 0 to 1`
      : undefined,
) satisfies Shape<Target>;

const TARGETS = fields({ checkpoints: listOf(TARGET, { least: 1 }) });

/**
 * Reads checkpoints of one's own from JSON: `{"checkpoints": […]}` as `tsos list --json` prints it, of which only the
 * fields of a {@link Target} are needed.
 * @throws {DataError} where the file is something else.
 */
export async function readTargets(file: string): Promise<readonly Target[]> {
  const { checkpoints } = await readJson(file, TARGETS, 'catalogue as "tsos list --json" prints it');
  const names = checkpoints.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new DataError(`has the checkpoint ${twice} twice`, { file });
  return checkpoints;
}
