import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../../src/base/errors.ts';
import { formatCsv, numberIn, parseCsv, readCsv } from '../../../src/io/exchange/csv.ts';
import fc from '../../support/fast-check.ts';
import { dataErrorOf } from '../support.ts';

const cell = fc.string({ minLength: 1 }).filter((text) => !/[",\r\n]/.test(text));

test('what is written is read back, whatever its line ends', () => {
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }));
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), ([header, ...rows], end, lastEnd) => {
      const text = formatCsv(header, rows);
      const written = (lastEnd ? text : text.slice(0, -1)).replaceAll('\n', end);
      const csv = parseCsv(written, 'x.csv');
      assert.deepEqual(csv.header, header);
      assert.deepEqual(
        csv.rows,
        rows.map((cells, i) => ({ line: i + 2, cells })),
      );
    }),
  );
});

test('what is no such table is refused with file and line', () => {
  for (const [text, says] of [
    ['', /^x\.csv: is empty/],
    ['a,b\n1,2\n1\n', /^x\.csv: line 3 has 1 cells where the header has 2/],
    ['a,b\n\n1,2\n', /^x\.csv: line 2 is empty/],
    ['a,b\n"1",2\n', /^x\.csv: line 2 has a quote/],
  ] as const) {
    assert.throws(
      () => parseCsv(text, 'x.csv'),
      (error: Error) => {
        assert.ok(error instanceof DataError);
        assert.equal(error.file, 'x.csv');
        assert.match(error.message, says);
        return true;
      },
      text,
    );
  }
});

test('a cell that is no number is told with its line and column', () => {
  const csv = parseCsv('a,b\n1e-3,\n0x1g, 2\n', 'x.csv');
  assert.equal(numberIn(csv, csv.rows[0], 0), 0.001);
  assert.equal(numberIn(csv, csv.rows[1], 1), 2);
  assert.throws(
    () => numberIn(csv, csv.rows[0], 1),
    /^DataError: x\.csv: line 2, column "b": "" is no number$/,
  );
  assert.throws(() => numberIn(csv, csv.rows[1], 0), /line 3, column "a": "0x1g" is no number$/);
});

test('a file that is not there is told by its name', async () => {
  await dataErrorOf(readCsv('/nowhere/x.csv'), /^\/nowhere\/x\.csv: there is no such file/);
});
