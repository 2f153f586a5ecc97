import { DataError, UsageError } from '../../base/errors.ts';
import { diskTree } from '../../io/files/disk-tree.ts';
import { namesIn } from '../../io/files/folders.ts';
import { pathIn } from '../../io/files/paths.ts';

/**
 * The TFRecord files of a training on text: of a folder Tensor2Tensor's `<problem>-train-00000-of-00100`, by their names; files as they
 * are given.
 * @throws {UsageError} where a folder has those of several problems.
 * @throws {DataError} where it has none.
 */
export async function trainingRecordFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if ((await diskTree.kind(path)) !== 'directory') found.push(path);
    else found.push(...trainingNames(path, await namesIn(path)).map((name) => pathIn(path, name)));
  }
  return found;
}

/** What Tensor2Tensor writes before it shuffles, and takes away then, is the same data once more. */
const TRAINING = /^(?!.*-unshuffled-)(?:(.*)-)?train-/;
const NUMBERED = /-\d+-of-\d+$/;

function trainingNames(folder: string, names: readonly string[]): string[] {
  const training = names.filter((name) => TRAINING.test(name)).toSorted();
  if (training.length === 0) throw new DataError('has no TFRecord files "*-train-*"', { file: folder });
  const numbered = training.filter((name) => NUMBERED.test(name));
  const meant = numbered.length > 0 ? numbered : training;
  const problems = [...new Set(meant.map((name) => TRAINING.exec(name)![1] ?? 'train'))];
  if (problems.length === 1) return meant;
  throw new UsageError(`${folder}: has the files of ${problems.join(' and of ')}; give those of one`);
}
