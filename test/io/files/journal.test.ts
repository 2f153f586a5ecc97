import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { Journal, type JournalHeader } from '../../../src/io/files/journal.ts';
import { writeJournalled } from '../../../src/io/files/journalled-file.ts';
import fc from '../../support/fast-check.ts';
import { withDirectory } from '../support.ts';

const HEADER = { work: 'a', size: 3 };

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
        const journal = await Journal.open(path, HEADER, { resume: true });
        assert.deepEqual(journal.records, JSON.parse(JSON.stringify(records)));
        await journal.remove();
      }),
      { numRuns: 50 },
    );
  });
});

test('a journal of other work is refused, and named is what differs', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [1], false);
    await assert.rejects(
      Journal.open(path, { ...HEADER, size: 4 }, { resume: true }),
      (error) => error instanceof UsageError && /other size;/.test(error.message),
    );
  });
});

test('without resuming, an older journal stays until the first new record', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'journal');
    await write(path, HEADER, [1, 2], false);
    const idle = await Journal.open(path, HEADER, { resume: false });
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
      Journal.open(join(directory, 'nowhere', 'journal'), HEADER, { resume: false }),
      (error) => error instanceof UsageError && /directory does not exist/.test(error.message),
    );
  });
});

test('a file that cannot be made is told by its own name, not by that of its journal', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'nowhere', 'out');
    await assert.rejects(
      writeJournalled(path, HEADER, { resume: false }, () => assert.fail('worked')),
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
  const journal = await Journal.open(path, header, { resume });
  for (const record of records) await journal.append(record);
  await journal.close();
  return journal.records.length;
}
