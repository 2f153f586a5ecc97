import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCheckpoint } from '../../src/io/checkpoint/write-checkpoint.ts';
import { tarOf } from '../io/archive/tar-writer.ts';
import { withDirectory } from '../io/support.ts';

/** What a catalogue says of the checkpoint in {@link checkpointTar}, which has the variables of pruning. */
export const TAR_WEIGHTS = { keptWeights: 256, totalWeights: 512 } as const;

/** An archive of a small checkpoint of two variables, laid out as published ones are. */
export function checkpointTar(name: string): Promise<Buffer> {
  return withDirectory(async (directory) => {
    const shape = [8, 64];
    await writeCheckpoint(join(directory, 'model.ckpt-1'), [
      { name: 'weights', dtype: 'float32', shape, data: Float32Array.from({ length: 512 }, (_, i) => i) },
      { name: 'mask', dtype: 'float32', shape, data: Float32Array.from({ length: 512 }, (_, i) => i % 2) },
    ]);
    const files = await readdir(directory);
    const contents = files.map(async (file) => [`${name}/${file}`, await readFile(join(directory, file))]);
    return tarOf(Object.fromEntries(await Promise.all(contents)));
  });
}
