import type { Checkpoint } from './checkpoint-types.ts';

/**
 * Reads every tensor of a checkpoint that was opened with `verify`, so that each checksum is compared. Variants, which
 * cannot be read, are left out.
 * @param onTensor called after each with how many are done.
 * @returns how many were verified.
 * @throws {DataError} for the first tensor that is damaged or whose shard is missing.
 */
export async function verifyCheckpoint(
  checkpoint: Checkpoint,
  onTensor: (done: number, total: number) => void = () => {},
): Promise<number> {
  const names = checkpoint.names().filter((name) => checkpoint.info(name).dtype !== 'variant');
  for (const [index, name] of names.entries()) {
    if (checkpoint.info(name).dtype === 'string') await checkpoint.read(name);
    else for await (const _ of checkpoint.chunks(name));
    onTensor(index + 1, names.length);
  }
  return names.length;
}
