import { UsageError } from '../../base/errors.ts';
import { createOutputFile } from '../files/atomic-file.ts';
import { makeFolder } from '../files/make-folder.ts';
import { fileNameOf } from '../files/paths.ts';
import { type NamedTensor, type WriteOptions, writeBundle } from './write-bundle.ts';

export type { NamedTensor, WriteOptions } from './write-bundle.ts';

/**
 * Writes a V2 checkpoint that TensorFlow can restore: `PREFIX.index`, the data shards, and a `checkpoint` state file
 * beside them that names it the newest. Tensors are written as they come, so one at a time is in memory; files appear
 * whole or not at all, the index after the data. A folder that is not there is made.
 * @throws {UsageError} for a name that is empty or comes twice, an unknown dtype, or data that does not fit the shape.
 */
export async function writeCheckpoint(
  prefix: string,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  options: WriteOptions = {},
): Promise<void> {
  const name = fileNameOf(prefix);
  if (name === '') {
    throw new UsageError(`${JSON.stringify(prefix)} is a directory; add a file name such as model.ckpt-0`);
  }
  const folder = prefix.slice(0, prefix.length - name.length);
  await writeBundle(name, tensors, options, async (file) => {
    if (folder !== '') await makeFolder(folder);
    return createOutputFile(`${folder}${file}`);
  });
}
