import { DataError, UsageError } from '../../base/errors.ts';
import { diskFile } from '../../io/files/file-source.ts';
import { zlibInflate } from '../../io/files/zlib-inflate.ts';
import { readLines } from '../../io/text/read-lines.ts';

/** Files of text whose lines stand for the same sentences. */
export interface ParallelText {
  readonly inputs: readonly string[];
  /** As many as of the inputs, each with as many lines. */
  readonly targets: readonly string[];
}

/** @throws {UsageError} where there are more or fewer files of one side, or none. */
export function requireAsMany({ inputs, targets }: ParallelText): void {
  if (inputs.length === targets.length && inputs.length > 0) return;
  throw new UsageError(
    `${inputs.length} files of inputs and ${targets.length} of targets; give as many of both, in the same order`,
  );
}

/** Lines of two files side by side, plain or gzipped. @throws {DataError} where one has more than the other. */
export async function* linePairs(source: string, target: string): AsyncGenerator<readonly [string, string]> {
  const [left, right] = [source, target].map((file) => readLines(diskFile(file), zlibInflate));
  let lines = 0;
  try {
    for (;;) {
      const [a, b] = [await left.next(), await right.next()];
      if (a.done && b.done) return;
      if (a.done || b.done) {
        const [shorter, longer] = a.done ? [source, target] : [target, source];
        const reason = `ends after ${lines} lines, ${longer} goes on; their lines must stand for the same sentences`;
        throw new DataError(reason, { file: shorter });
      }
      lines++;
      yield [a.value, b.value];
    }
  } finally {
    await left.return();
    await right.return();
  }
}
