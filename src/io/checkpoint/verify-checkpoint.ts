import type { Checkpoint } from './checkpoint-types.ts';

/**
 * Reads every tensor of a checkpoint, so that each checksum is compared, those of variants too.
 * @param onTensor called after each with how many are done.
 * @returns how many were verified, and how many have no checksum.
 * @throws {DataError} for the first tensor that is damaged or whose shard is missing.
 */
export async function verifyCheckpoint(
  checkpoint: Checkpoint,
  onTensor: (done: number, total: number) => void = () => {},
): Promise<{ verified: number; without: number }> {
  const names = checkpoint.names();
  let verified = 0;
  for (const [index, name] of names.entries()) {
    if (await checkpoint.verify(name)) verified++;
    onTensor(index + 1, names.length);
  }
  return { verified, without: names.length - verified };
}
