import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { withDirectory } from '../io/support.ts';
import { below, type Random, randomFrom } from '../support/random.ts';
import { filesOf, RESUMED, WORKS, workInProcess } from './work-in-process.ts';

/** How often each work is killed. */
const KILLS = Number(process.env.TSOS_FAULT_KILLS ?? 2);
const SEED = Number(process.env.TSOS_FAULT_SEED ?? 1);

/** About what a work takes once it has begun. */
const WORK_MS = 700;

for (const work of WORKS) {
  test(`${work}: killed at any moment, it goes on to the same result and leaves nothing behind`, async () => {
    const expected = await withDirectory(async (directory) => {
      assert.deepEqual(await workInProcess(work, { directory }), { code: 0, stderr: '' });
      assert.deepEqual((await readdir(directory)).sort(), filesOf(work));
      return contents(directory);
    });
    const random = randomFrom(SEED);
    for (let kills = 0; kills < KILLS; ) {
      await withDirectory(async (directory) => {
        // One that goes on where it was stopped may be killed several times before it is done.
        for (let runs = 0; runs < 6 && kills < KILLS; runs++) {
          const { code, stderr } = await workInProcess(work, {
            directory,
            during: killWithin(WORK_MS, random),
          });
          assert.ok(code === 'SIGKILL' || code === 0, stderr);
          kills++;
          if (code === 0) break;
          // A result is there whole, or not yet.
          const { out } = await contents(directory);
          if (out !== undefined) assert.equal(out, expected.out);
        }
        const isDone = (await readdir(directory)).includes('out');
        const { code, stderr } = await workInProcess(work, { directory });
        if (isDone && work === 'bundle') assert.match(stderr, /exists already/);
        else assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        assert.deepEqual(await contents(directory), expected);
      });
    }
  });
}

for (const work of RESUMED) {
  test(`${work}: of two processes with one output one works, and the other is told so`, async () => {
    await withDirectory(async (directory) => {
      const runs = await Promise.all([
        workInProcess(work, { directory }),
        workInProcess(work, { directory }),
      ]);
      const [one, other] = runs.sort((a, b) => Number(a.code) - Number(b.code));
      assert.equal(one.code, 0, one.stderr);
      // Where one had ended before the other began, both may have worked.
      if (other.code !== 0)
        assert.match(other.stderr, /out: process \d+ on \S+ is writing it; wait for that/);
      assert.deepEqual((await readdir(directory)).sort(), filesOf(work));
    });
  });

  test(`${work}: runs of two checkpoints with one output are never mixed, however they are killed`, async () => {
    const wholes = await Promise.all(
      ['a', 'b'].map((checkpoint) =>
        withDirectory(async (directory) => {
          await workInProcess(work, { directory, checkpoint });
          return (await contents(directory)).out;
        }),
      ),
    );
    assert.notEqual(wholes[0], wholes[1]);
    const random = randomFrom(SEED);
    for (let round = 0; round < Math.ceil(KILLS / 2); round++) {
      await withDirectory(async (directory) => {
        const killed = { directory, during: killWithin(WORK_MS, random) };
        await Promise.all(['a', 'b'].map((checkpoint) => workInProcess(work, { ...killed, checkpoint })));
        for (const checkpoint of ['a', 'b']) {
          const { code, stderr } = await workInProcess(work, { directory, checkpoint });
          if (code !== 0) assert.match(stderr, /is of a run with other /);
          else assert.equal((await contents(directory)).out, wholes[checkpoint === 'a' ? 0 : 1]);
        }
      });
    }
  });
}

/** Kills a process within so many milliseconds. */
function killWithin(milliseconds: number, random: Random) {
  return ({ pid }: { pid?: number | undefined }) => {
    setTimeout(
      () => {
        try {
          process.kill(pid!, 'SIGKILL');
          // It had ended.
        } catch {}
      },
      below(random, milliseconds),
    );
  };
}

/** Texts of the files in a directory; those of a directory in it together. What differs from run to run is left out. */
async function contents(directory: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    texts[name] = (await stat(path)).isDirectory()
      ? JSON.stringify(await contents(path))
      : (await readFile(path, 'latin1')).replace(/"milliseconds": \d+|"checksum": "\w+"/g, '');
  }
  return texts;
}
