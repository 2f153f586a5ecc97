import type { FileTree } from '../archive/file-tree.ts';
import { openBundle } from './bundle.ts';
import { CheckpointReader, type TensorStore } from './checkpoint-reader.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import type { Located } from './locate.ts';
import { readAround } from './read-around.ts';
import { openSafetensors } from './safetensors.ts';
import { openV1 } from './v1.ts';

/** How a checkpoint is opened. */
export interface OpenOptions {
  /** Verify the checksums of the index and of all tensors that are read. Default true. */
  readonly verify?: boolean;
  /** Which of several checkpoints in an archive or a folder: its path there. */
  readonly member?: string;
  /**
   * Bytes that a gzipped archive may fill of the disk when it is unpacked, blocks of zeros not counted. Default: 100 times
   * its own, at least 64 MiB.
   */
  readonly maxUnpackedBytes?: number;
}

/**
 * Opens a checkpoint that was found, which closes the tree it is in.
 * @param path what errors and the reader call it.
 * @param release is called when the checkpoint is closed.
 */
export async function openLocated(
  located: Located,
  path: string,
  { verify = true }: OpenOptions,
  release: () => Promise<void> = async () => {},
): Promise<Checkpoint> {
  const { tree, checkpoint } = located;
  try {
    const store = await openStore(tree, checkpoint, verify);
    return new CheckpointReader(path, store, {
      readBeside: (name) => readAround(located, name),
      async close() {
        await tree.close();
        await release();
      },
    });
  } catch (error) {
    await tree.close();
    throw error;
  }
}

async function openStore(
  tree: FileTree,
  checkpoint: Located['checkpoint'],
  verify: boolean,
): Promise<TensorStore> {
  switch (checkpoint.format) {
    case 'V2':
      return openBundle(tree, checkpoint.prefix, verify);
    case 'V1':
      return openV1(tree, checkpoint.files, verify);
    case 'safetensors':
      return openSafetensors(await tree.open(checkpoint.files[0]));
  }
}
