import type { SparsePattern } from '../../base/sparse-pattern.ts';
import { placed } from '../bytes/place.ts';
import { readUnpacked } from '../bytes/read-unpacked.ts';
import { openFile } from '../files/file-source.ts';
import { zlibInflate } from '../files/zlib-inflate.ts';
import { parseSmtx } from './parse-smtx.ts';

/**
 * Reads a pattern of the Deep Learning Matrix Collection: a line `rows, cols, nonzeros`, a line of row offsets and a
 * line of column indices. The file may be gzipped.
 * @throws {DataError} when it is not such a file, or its numbers do not make a matrix.
 */
export async function readSmtx(path: string): Promise<SparsePattern> {
  const source = await openFile(path);
  const bytes = await readUnpacked(source, zlibInflate).finally(() => source.close());
  return placed({ file: path }, 'sparse pattern', () => parseSmtx(bytes));
}
