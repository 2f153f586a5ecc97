import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError, UsageError } from '../../../src/base/errors.ts';
import { anything, whole } from '../../../src/base/json-shape.ts';
import { FileJournal, type JournalHeader, type JournalOptions } from '../../../src/io/files/journal.ts';
import { writeJournalled } from '../../../src/io/files/journalled-file.ts';
import fc from '../../support/fast-check.ts';
import { mutate, mutation } from '../mutation.ts';
import { withDirectory } from '../support.ts';

const HEADER = { work: 'a', size: 3 };

const PLAIN = { header: HEADER, record: anything, resume: true };

function open(path: string, change: Partial<JournalOptions<unknown>> = {}) {
  return FileJournal.open(path, { ...PLAIN, ...change });
}

test('wherever a crash cuts a journal, the whole records before are kept and the rest can be written anew', async () => {
  await withDirectory(async (directory) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.double({ min: 0, max: 1 }), async (records, where) => {
        const path = join(directory, 'journal');
        await write(path, HEADER, records, false);
        const bytes = existsSync(path) ? await readFile(path) : new Uint8Array();
        const cut = bytes.subarray(0, Math.floor(where * bytes.length));
        await writeFile(path, cut);
        const lines = cut.filter((byte) => byte === 0x0a).length;
        const kept = Math.max(0, lines - 1);
        const missing = records.slice(kept);
        assert.equal(await write(path, HEADER, missing, true), kept);
        const journal = await open(path);
        assert.deepEqual(journal.records, JSON.parse(JSON.stringify(records)));
        await journal.remove();
      }),
      { numRuns: 50 },
    );
  });
});

test('however a journal is damaged, what counts of it is the beginning of what was written', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    const damage = fc.array(mutation, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1 }), damage, async (values, changes) => {
        const records = JSON.parse(JSON.stringify(values));
        await write(path, HEADER, records, false);
        const intact = await readFile(path);
        const damaged = changes.reduce((bytes, change) => mutate(bytes, change), intact as Uint8Array);
        await writeFile(path, damaged);
        const journal = await open(path).catch((error) => {
          assert.ok(error instanceof DataError, `${error}`);
          return undefined;
        });
        if (journal !== undefined) {
          assert.deepEqual(journal.records, records.slice(0, journal.records.length));
          await journal.close();
        }
        await rm(path, { force: true });
      }),
      { numRuns: 2000 },
    );
  });
});

test('lines that change places, come twice or are of another journal do not count', async () => {
  await withDirectory(async (directory) => {
    const [path, other] = [join(directory, 'journal'), join(directory, 'other')];
    await write(path, HEADER, [1, 2, 3], false);
    await write(other, { ...HEADER, work: 'b' }, [1, 2, 3], false);
    const [header, one, two, three] = (await readFile(path, 'utf8')).split('\n');
    const [, foreign] = (await readFile(other, 'utf8')).split('\n');
    for (const [lines, kept] of [
      [[header, one, three, two], [1]],
      [[header, one, one, two], [1]],
      [[header, two, three], []],
      [[header, foreign, two, three], []],
    ] as const) {
      await writeFile(path, lines.map((line) => `${line}\n`).join(''));
      const journal = await open(path);
      assert.deepEqual(journal.records, kept);
      assert.ok(journal.damagedBytes > 0);
      await journal.close();
    }
  });
});

test('what a journal of this work cannot have in it is refused with its place', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [1, -1], false);
    await assert.rejects(
      open(path, { record: whole() }),
      (error) =>
        error instanceof DataError && /journal: is no journal of this work;.*it is -1/.test(error.message),
    );
    // As journals were before they had checksums.
    await writeFile(path, `${JSON.stringify(HEADER)}\n[]\n`);
    await assert.rejects(open(path), /damaged in its first line, or was written by an earlier version/);
  });
});

test('a journal of other work is refused, and named is what differs', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [1], false);
    await assert.rejects(
      open(path, { header: { ...HEADER, size: 4 } }),
      (error) => error instanceof UsageError && /other size;/.test(error.message),
    );
  });
});

test('without resuming, an older journal stays until the first new record', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [1, 2], false);
    const idle = await open(path, { resume: false });
    assert.deepEqual([idle.records, idle.discarded], [[], 2]);
    await idle.close();
    assert.equal(await write(path, HEADER, [], true), 2);
    assert.equal(await write(path, HEADER, [3], false), 0);
    assert.equal(await write(path, HEADER, [], true), 1);
  });
});

test('a journal that was never written to leaves no file, one that cannot be made is refused at once', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [], false);
    assert.equal(existsSync(path), false);
    await assert.rejects(
      open(join(directory, 'nowhere', 'journal'), { resume: false }),
      (error) => error instanceof UsageError && /directory does not exist/.test(error.message),
    );
  });
});

test('a file that cannot be made is told by its own name, not by that of its journal', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'nowhere', 'out');
    await assert.rejects(
      writeJournalled(path, { ...PLAIN, resume: false, inputs: [] }, () => assert.fail('worked')),
      (error) => error instanceof UsageError && error.message.startsWith(`${path}: the directory does not`),
    );
  });
});

/** Opens, appends and closes. @returns how many records were there before. */
async function write(
  path: string,
  header: JournalHeader,
  records: readonly unknown[],
  resume: boolean,
): Promise<number> {
  const journal = await open(path, { header, resume });
  for (const record of records) await journal.append(record);
  await journal.close();
  return journal.records.length;
}
