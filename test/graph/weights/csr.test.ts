import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import {
  type CsrMatrix,
  CsrWriter,
  checkCsr,
  csrFromDense,
  csrToDense,
  ROW_ALIGNMENT,
} from '../../../src/graph/weights/csr.ts';
import { CsrEntryList } from '../../../src/graph/weights/csr-entries.ts';
import fc from '../../support/fast-check.ts';

/** A dense matrix with many zeros, of both signs, and possibly no rows or columns. */
const matrix = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 })).chain(([rows, cols]) =>
  fc
    .array(fc.oneof(fc.constantFrom(0, -0), fc.float({ noNaN: true })), {
      minLength: rows * cols,
      maxLength: rows * cols,
    })
    .map((values) => ({ rows, cols, dense: Float32Array.from(values, (value) => value + 0) })),
);

test('compressing and expanding gives the matrix back', () => {
  fc.assert(
    fc.property(matrix, ({ rows, cols, dense }) => {
      const csr = csrFromDense(dense, rows, cols);
      assert.deepEqual(csrToDense(csr), dense);
      assert.equal(csr.nnz, dense.filter((value) => value !== 0).length);
    }),
  );
});

test('compressing a transpose is transposing the matrix', () => {
  fc.assert(
    fc.property(matrix, ({ rows, cols, dense }) => {
      const turned = csrFromDense(dense, cols, rows, { transpose: true });
      assert.deepEqual(csrToDense(turned), transposed(dense, rows, cols));
      assert.deepEqual(
        csrFromDense(csrToDense(turned), rows, cols, { transpose: true }),
        csrFromDense(dense, rows, cols),
      );
    }),
  );
});

test('rows are padded to whole groups, with zeros at the last column, and columns rise before the padding', () => {
  fc.assert(
    fc.property(matrix, ({ rows, cols, dense }) => {
      const { rowStart, columns, values } = csrFromDense(dense, rows, cols);
      for (let r = 0; r < rows; r++) {
        const nonzero = dense.subarray(r * cols, (r + 1) * cols).filter((value) => value !== 0).length;
        const [start, end] = [rowStart[r], rowStart[r + 1]];
        assert.equal(end - start, Math.ceil(nonzero / ROW_ALIGNMENT) * ROW_ALIGNMENT);
        for (let i = start + 1; i < end; i++) {
          if (i < start + nonzero) assert.ok(columns[i] > columns[i - 1]);
          else assert.deepEqual([columns[i], values[i]], [columns[i - 1], 0]);
        }
      }
    }),
  );
});

test('column indices take 16 bits as long as all columns fit', () => {
  for (const [cols, type] of [
    [65_536, Uint16Array],
    [65_537, Uint32Array],
  ] as const) {
    const writer = new CsrWriter(1, cols, Uint32Array.of(1));
    writer.push(0, cols - 1, 2);
    const csr = writer.finish();
    assert.ok(csr.columns instanceof type);
    assert.equal(csrToDense(csr)[cols - 1], 2);
  }
});

test('rows may be filled in any order', () => {
  fc.assert(
    fc.property(matrix, ({ rows, cols, dense }) => {
      const expected = csrFromDense(dense, rows, cols);
      const lengths = Uint32Array.from(
        { length: rows },
        (_, r) => dense.subarray(r * cols, (r + 1) * cols).filter((value) => value !== 0).length,
      );
      const writer = new CsrWriter(rows, cols, lengths);
      for (let c = 0; c < cols; c++) {
        for (let r = rows - 1; r >= 0; r--)
          if (dense[r * cols + c] !== 0) writer.push(r, c, dense[r * cols + c]);
      }
      assert.deepEqual(writer.finish(), expected);
    }),
  );
});

test('entries collected by the tile give the matrix, and are handed out once', () => {
  fc.assert(
    fc.property(matrix, fc.integer({ min: 1, max: 5 }), ({ rows, cols, dense }, tile) => {
      const list = new CsrEntryList(rows, cols);
      for (let start = 0; start < dense.length; start += tile) {
        const room = list.room(tile);
        for (let i = start; i < Math.min(dense.length, start + tile); i++) {
          if (dense[i] === 0) continue;
          room.rows[room.length] = Math.floor(i / cols);
          room.columns[room.length] = i % cols;
          room.values[room.length++] = dense[i];
        }
      }
      const writer = new CsrWriter(rows, cols, list.rowLengths());
      for (const entries of list.drain()) writer.pushAll(entries);
      assert.deepEqual(writer.finish(), csrFromDense(dense, rows, cols));
      assert.equal([...list.drain()].length, 0);
    }),
  );
});

test('a writer that gets more or fewer entries than announced refuses to finish', () => {
  assert.throws(() => new CsrWriter(2, 2, Uint32Array.of(1)), UsageError);
  assert.throws(
    () => new CsrWriter(1, 2, Uint32Array.of(1)).finish(),
    /row 0 got 0 entries, 1 were announced/,
  );
  const full = new CsrWriter(2, 2, Uint32Array.of(1, 1));
  for (const row of [0, 0, 1]) full.push(row, 0, 1);
  assert.throws(() => full.finish(), /row 0 got 2 entries, 1 were announced/);
  assert.throws(() => csrFromDense(new Float32Array(3), 2, 2), UsageError);
});

test('what kernels could not rely on is refused', () => {
  const good: CsrMatrix = csrFromDense(Float32Array.of(1, 0, 0, 2, 3, 4), 2, 3);
  checkCsr(good);
  const broken: Partial<CsrMatrix>[] = [
    { rowStart: Uint32Array.of(0, 4) },
    { rowStart: Uint32Array.of(4, 4, 8) },
    { rowStart: Uint32Array.of(0, 3, 8) },
    { rowStart: Uint32Array.of(0, 8, 4) },
    { columns: good.columns.slice(1) },
    { values: good.values.slice(1) },
    { columns: Uint16Array.of(0, 0, 0, 0, 0, 1, 3, 2) },
    { cols: 2 },
  ];
  for (const change of broken) assert.throws(() => checkCsr({ ...good, ...change }), UsageError);
});

function transposed(dense: Float32Array, rows: number, cols: number): Float32Array {
  return dense.map((_, i) => dense[(i % rows) * cols + Math.floor(i / rows)]);
}
