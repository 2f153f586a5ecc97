import { DataError } from '../../base/errors.ts';
import type { SparsePattern } from '../../base/sparse-pattern.ts';

/** The pattern in the text of an unpacked file; see `readSmtx`. @throws {DataError} without a file. */
export function parseSmtx(bytes: Uint8Array): SparsePattern {
  const header = new NumberLine(bytes, 0);
  const [rows, cols, nonzeros] = header.take(3);
  const offsetLine = new NumberLine(bytes, header.end);
  const rowOffsets = offsetLine.take(rows + 1);
  const columnLine = new NumberLine(bytes, offsetLine.end);
  const columns = columnLine.take(nonzeros);
  if (bytes.subarray(columnLine.end).some((byte) => byte > 0x20)) {
    throw new DataError(`more than three lines: something follows at byte ${columnLine.end}`);
  }
  checkOffsets(rowOffsets, nonzeros);
  for (let row = 0; row < rows; row++)
    checkColumns(columns.subarray(rowOffsets[row], rowOffsets[row + 1]), row, cols);
  return { rows, cols, rowOffsets, columns };
}

function checkOffsets(rowOffsets: Uint32Array, nonzeros: number): void {
  const last = rowOffsets.length - 1;
  const rises = rowOffsets.every((offset, row) => row === 0 || offset >= rowOffsets[row - 1]);
  if (rowOffsets[0] !== 0 || rowOffsets[last] !== nonzeros || !rises) {
    throw new DataError(`the row offsets do not rise from 0 to the ${nonzeros} nonzeros`);
  }
}

function checkColumns(columns: Uint32Array, row: number, cols: number): void {
  for (const [i, column] of columns.entries()) {
    if (column >= cols) throw new DataError(`row ${row} has a nonzero in column ${column} of ${cols}`);
    if (i > 0 && column <= columns[i - 1]) throw new DataError(`the columns of row ${row} do not rise`);
  }
}

/** One line of decimal numbers, separated by blanks or commas. */
class NumberLine {
  /** First byte of the next line. */
  readonly end: number;
  readonly #line: Uint8Array;

  constructor(bytes: Uint8Array, start: number) {
    const newline = bytes.indexOf(0x0a, start);
    const lineEnd = newline < 0 ? bytes.length : newline;
    this.end = Math.min(lineEnd + 1, bytes.length);
    this.#line = bytes.subarray(start, lineEnd);
  }

  /** Exactly `count` numbers, or a DataError. */
  take(count: number): Uint32Array {
    // A number takes a digit and all but one a separator, so a false count is caught before memory is taken for it.
    if (count > (this.#line.length + 1) / 2) throw this.#wrongCount(count);
    const numbers = new Uint32Array(count);
    let found = 0;
    let value = -1;
    for (let at = 0; at <= this.#line.length; at++) {
      const byte = at < this.#line.length ? this.#line[at] : 0x20;
      if (byte >= 0x30 && byte <= 0x39) {
        value = Math.max(value, 0) * 10 + (byte - 0x30);
        if (value >= 2 ** 32) throw new DataError('a number is above 2^32');
      } else if (byte !== 0x20 && byte !== 0x2c && byte !== 0x0d && byte !== 0x09) {
        throw new DataError(`a line of numbers holds the byte ${byte}: no .smtx file`);
      } else if (value >= 0) {
        if (found === count) throw this.#wrongCount(count);
        numbers[found++] = value;
        value = -1;
      }
    }
    if (found !== count) throw this.#wrongCount(count);
    return numbers;
  }

  #wrongCount(count: number): DataError {
    return new DataError(
      `a line does not hold the ${count} numbers it should: cut short or damaged; get it again`,
    );
  }
}
