import { mkdir } from 'node:fs/promises';
import { explained } from './write-failure.ts';

/**
 * Makes a folder, and those around it, where it is not there yet.
 * @throws {UsageError} where that cannot be.
 */
export async function makeFolder(path: string): Promise<void> {
  await explained(path, mkdir(path, { recursive: true }));
}
