import type { SparsePattern } from '../../base/sparse-pattern.ts';
import { streamFileAtomic } from '../files/atomic-file.ts';
import type { OutputFile } from '../files/output-file.ts';

/** Numbers that are made into text at a time. */
const PIECE = 2 ** 16;

/**
 * Writes a pattern as the Deep Learning Matrix Collection does: a line `rows, cols, nonzeros`, a line of row
 * offsets and a line of column indices, each number with a blank behind it. The file appears whole or not at
 * all.
 * @throws {UsageError} where it cannot be written.
 */
export async function writeSmtx(path: string, pattern: SparsePattern): Promise<void> {
  const { rows, cols, rowOffsets, columns } = pattern;
  await streamFileAtomic(path, async (file) => {
    await writeText(file, `${rows}, ${cols}, ${columns.length}\n`);
    await writeLine(file, rowOffsets);
    await writeLine(file, columns);
  });
}

async function writeLine(file: OutputFile, numbers: Uint32Array): Promise<void> {
  for (let start = 0; start < numbers.length; start += PIECE) {
    await writeText(file, `${numbers.subarray(start, start + PIECE).join(' ')} `);
  }
  await writeText(file, '\n');
}

function writeText(file: OutputFile, text: string): Promise<void> {
  return file.write(new TextEncoder().encode(text));
}
