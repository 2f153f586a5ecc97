import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DataError, TsosError, UsageError } from '../../../src/base/errors.ts';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { formatStateFile, parseStateFile } from '../../../src/io/checkpoint/state-file.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readSmtx } from '../../../src/io/exchange/smtx.ts';
import { createOutputFile, writeFileAtomic } from '../../../src/io/files/atomic-file.ts';
import { explainWriteFailure } from '../../../src/io/files/write-failure.ts';
import fc from '../../support/fast-check.ts';
import { sharedTest } from '../../support/shared.ts';
import { mutate, mutation } from '../mutation.ts';
import { dataErrorOf, withCheckpoint, withDirectory } from '../support.ts';

const utf8 = new TextEncoder();
const parse = (text: string) => parseStateFile(utf8.encode(text)).newest;

test('state file: quotes, escapes, comments, several fields', () => {
  assert.equal(
    parse('model_checkpoint_path: "model.ckpt-1"\nall_model_checkpoint_paths: "x"\n'),
    'model.ckpt-1',
  );
  assert.equal(parse("# note: \"a\"\nmodel_checkpoint_path:'it''s' other: 5"), 'its');
  assert.equal(parse('model_checkpoint_path : "a\\"b\\\\c\\n\\101\\x42\\303\\251é"'), 'a"b\\c\nABéé');
  assert.equal(parse('all_model_checkpoint_paths: "a"\nlast_preserved_timestamp: 1.5e9'), undefined);
  assert.equal(parse('model_checkpoint_path: "open'), undefined);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => assert.equal(parse(formatStateFile(name)), name)),
  );
});

test('state file: relative, absolute and foreign paths', async () => {
  await withDirectory(async (directory) => {
    await mkdir(`${directory}/run`);
    const tensor = { name: 'a', dtype: 'int32', shape: [], data: Int32Array.of(1) } as const;
    await writeCheckpoint(`${directory}/run/m-1`, [tensor]);
    await writeCheckpoint(`${directory}/run/m-20`, [{ ...tensor, name: 'b' }]);
    const newest = async (state: string) => {
      await writeFile(`${directory}/run/checkpoint`, `model_checkpoint_path: "${state}"`);
      return withCheckpoint(openCheckpoint(`${directory}/run/`), async (it) => it.names());
    };
    assert.deepEqual(await newest('m-1'), ['a']);
    assert.deepEqual(await newest(`${directory}/run/m-1`), ['a']);
    assert.deepEqual(await newest('/home/someone/run/m-1'), ['a']);
    assert.deepEqual(await newest('gs://bucket/run/m-1'), ['a']);
    assert.deepEqual(await newest('C:\\\\runs\\\\m-20'), ['b']);
    await dataErrorOf(newest('m-5'), /names "m-5", which is not here; there are m-1, m-20/);
  });
});

test('atomic files: whole or not at all, and clear about why not', async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/out.txt`;
    await writeFileAtomic(path, 'first');
    const file = await createOutputFile(path);
    await file.write(utf8.encode('sec'));
    assert.equal(await readFile(path, 'utf8'), 'first');
    await file.write(utf8.encode('ond'));
    await file.commit();
    assert.equal(await readFile(path, 'utf8'), 'second');
    const given = await createOutputFile(path);
    await given.write(utf8.encode('lost'));
    await given.abort();
    assert.deepEqual(readdirSync(directory), ['out.txt']);
    await assert.rejects(writeFileAtomic(`${directory}/none/x`, ''), /none\/x: the directory does not exist/);
    await assert.rejects(writeFileAtomic(directory, ''), UsageError);
    assert.deepEqual(readdirSync(directory), ['out.txt']);
  });
  const full = explainWriteFailure('/a/b', Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  assert.ok(full instanceof TsosError && !(full instanceof UsageError));
  assert.equal(full.message, '/a/b: the disk is full; free some space or write to another one');
});

sharedTest('patterns of the DLMC are read', ['data', 'dlmc'], async (directory) => {
  const paths = readdirSync(directory, { recursive: true })
    .map(String)
    .filter((path) => /\.smtx(\.gz)?$/.test(path));
  assert.ok(paths.length > 0);
  for (const path of paths.filter((_, i) => i % 40 === 0)) {
    const { rows, rowOffsets, columns } = await readSmtx(`${directory}/${path}`);
    assert.equal(rowOffsets.length, rows + 1);
    assert.equal(columns.length, rowOffsets[rows]);
  }
});

test('patterns: gzipped or not, and what is refused', async () => {
  await withDirectory(async (directory) => {
    const read = async (content: string | Uint8Array) => {
      await writeFile(`${directory}/p.smtx`, content);
      return readSmtx(`${directory}/p.smtx`);
    };
    const text = '3, 4, 4\n0 2 2 4 \n0 3 1 2 \n';
    const expected = {
      rows: 3,
      cols: 4,
      rowOffsets: Uint32Array.of(0, 2, 2, 4),
      columns: Uint32Array.of(0, 3, 1, 2),
    };
    assert.deepEqual(await read(text), expected);
    assert.deepEqual(await read(gzipSync(text)), expected);
    assert.deepEqual((await read('2, 2, 0\n0 0 0\n')).columns, new Uint32Array(0));
    await dataErrorOf(read('3, 4\n0\n'), /does not hold the 3 numbers/);
    await dataErrorOf(read('4000000000, 4, 4\n0 2\n'), /does not hold the 4000000001 numbers/);
    await dataErrorOf(read(text.replace('0 2 2 4', '0 3 2 4')), /row offsets do not rise/);
    await dataErrorOf(read(text.replace('0 3 1', '0 4 1')), /row 0 has a nonzero in column 4 of 4/);
    await dataErrorOf(read(text.replace('0 3 1', '3 0 1')), /columns of row 0 do not rise/);
    await dataErrorOf(read(`${text}5\n`), /something follows/);
    await dataErrorOf(read('<html>'), /no \.smtx file/);
    await dataErrorOf(read(gzipSync(text).subarray(0, 20)), /gzip stream is damaged/);
    const damaged = (change: Parameters<typeof mutate>[1]) =>
      onlyDataErrors(read(mutate(utf8.encode(text), change)));
    await fc.assert(fc.asyncProperty(mutation, damaged), { numRuns: 200 });
  });
});

async function onlyDataErrors(work: Promise<unknown>): Promise<void> {
  await work.catch((error) => assert.ok(error instanceof DataError, `${error}`));
}
