import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { withDirectory } from '../io/support.ts';
import { type Outcome, tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT } from '../support/demo.ts';
import { assertOneSentence } from '../support/one-sentence.ts';
import { below, type Random, randomFrom } from '../support/random.ts';
import { STAND_INS, writeStandIn } from '../support/stand-ins.ts';
import { withSmallDisk } from './small-disk.ts';

/** How often each command is killed. */
const KILLS = Number(process.env.TSOS_FAULT_KILLS ?? 1);
const SEED = Number(process.env.TSOS_FAULT_SEED ?? 1);
const skipDevice = process.env.TSOS_FAULT_KILLS === undefined && 'only with TSOS_FAULT_KILLS';
const skipLimit = process.platform === 'win32' ? 'no such limits there' : false;

test('prune: killed while it writes, it leaves a whole checkpoint or none, and nothing that stays', async () => {
  await withPruned(async (directory, prune) => {
    const expected = await contents(join(directory, 'whole'), await prune('whole'));
    const random = randomFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      const output = `out${kill}`;
      const killed = await prune(output, { during: killAtWork(directory, output, random) });
      assert.ok(killed.code === 'SIGKILL' || killed.code === 0, killed.stderr);
      const isThere = (await readdir(directory)).includes(output);
      const again = await prune(output);
      if (isThere) assertOneSentence(again, 2, /exists already/);
      else assert.equal(again.code, 0, again.stderr);
      assert.deepEqual(await contents(join(directory, output), killed), expected);
    }
    assert.deepEqual(leftIn(directory), []);
  });
});

test('prune: beyond the most bytes a file may have it ends with a sentence, and leaves no half checkpoint', {
  skip: skipLimit,
}, async () => {
  await withPruned(async (directory, prune) => {
    const limited = await prune('out', { shell: LIMITED });
    assertOneSentence(limited, 1, /is larger than this file system, or "ulimit -f", allows/);
    assert.deepEqual((await readdir(directory)).sort(), ['dense']);
    const { code, stderr } = await prune('out');
    assert.equal(code, 0, stderr);
  });
});

test('reproduce: killed at any moment, it goes on to the same report', async () => {
  await withCatalogue(async (directory, reproduce) => {
    const whole = await reproduce('whole');
    assert.equal(whole.code, 0, whole.stderr);
    const random = randomFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      const output = `out${kill}`;
      const killed = await reproduce(output, { during: killAtWork(directory, output, random) });
      assert.ok(killed.code === 'SIGKILL' || killed.code === 0, killed.stderr);
      const { code, stdout, stderr } = await reproduce(output, { resume: true });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, whole.stdout);
      assert.deepEqual(leftIn(join(directory, output)), []);
    }
  });
});

test('reproduce: beyond the most bytes a file may have it ends with a sentence, and goes on once it may have more', {
  skip: skipLimit,
}, async () => {
  await withCatalogue(async (directory, reproduce) => {
    const whole = await reproduce('whole');
    const limited = await reproduce('out', { shell: LIMITED });
    assertOneSentence(limited, 1, /is larger than this file system, or "ulimit -f", allows/);
    assert.deepEqual(leftIn(join(directory, 'out')), []);
    const { code, stdout, stderr } = await reproduce('out', { resume: true });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, whole.stdout);
  });
});

test('tune: killed at any moment, it leaves a record that is read, or none', {
  skip: skipDevice,
}, async () => {
  await withDirectory(async (directory) => {
    const env = { TSOS_CACHE: directory };
    const tune = ['tune', DEMO_CHECKPOINT, '--batch', '1', '--beam', '1', '--length', '3', '--json'];
    const random = randomFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      const during = killAtWork(directory, 'tuning', random, 2000);
      const killed = await tsos([...tune, '--budget', '20'], { env, during });
      assert.ok(killed.code === 'SIGKILL' || killed.code === 0, killed.stderr);
      const { code, stderr } = await tsos([...tune, '--budget', '0'], { env });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /damaged|cannot be read/);
    }
    // What a killed one was writing is cleared by the next that writes.
    const { code, stderr } = await tsos([...tune, '--budget', '1'], { env });
    assert.equal(code, 0, stderr);
    assert.deepEqual(leftIn(join(directory, 'tuning')), []);
  });
});

// Not by a limit of bytes: the software adapter keeps memory in files too.
test('tune: on a full disk it ends with a sentence, keeps what was there, and goes on once there is room', {
  skip: skipDevice,
}, async (t) => {
  await withSmallDisk(t, '8k', async ({ disk }) => {
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, new Uint8Array(8192));
    const env = { TSOS_CACHE: disk };
    const tune = ['tune', DEMO_CHECKPOINT, '--batch', '1', '--beam', '1', '--length', '3', '--budget', '2'];
    assertOneSentence(await tsos(tune, { env }), 1, /the disk is full; free some space/);
    assert.deepEqual(leftIn(disk), []);
    await rm(ballast);
    const { code, stderr } = await tsos(tune, { env });
    assert.equal(code, 0, stderr);
  });
});

/** In kilobytes, as bash counts it. Node ignores the signal that comes with it. */
const LIMITED = "trap '' XFSZ; ulimit -f 1";

interface Faults {
  readonly during?: (child: ChildProcess) => void;
  readonly shell?: string;
  readonly resume?: boolean;
}

async function withPruned(
  use: (directory: string, prune: (output: string, faults?: Faults) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const dense = join(directory, 'dense');
    await writeStandIn(dense, STAND_INS[0]);
    await use(directory, (output, faults = {}) =>
      tsos(
        [
          'prune',
          join(dense, 'stand_in_transformer_dense'),
          '--sparsity',
          '0.8',
          '--output',
          join(directory, output),
        ],
        faults,
      ),
    );
  });
}

/** Without sentences and pictures sparsity is measured, which needs no device. */
async function withCatalogue(
  use: (directory: string, reproduce: (output: string, faults?: Faults) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const folder = join(directory, 'checkpoints');
    const checkpoints = await Promise.all(STAND_INS.slice(1, 7).map((each) => writeStandIn(folder, each)));
    const catalogue = join(directory, 'catalogue.json');
    await writeFile(catalogue, JSON.stringify({ checkpoints }));
    const args = ['reproduce', '--catalogue', catalogue, '--checkpoints', folder, '--offline', '--json'];
    await use(directory, (output, { resume, ...faults } = {}) =>
      tsos([...args, '--output', join(directory, output), ...(resume ? ['--resume'] : [])], faults),
    );
  });
}

/** Kills a command within so many milliseconds of the first file that it makes for its output. */
function killAtWork(directory: string, output: string, random: Random, milliseconds = 60) {
  return (child: ChildProcess) => {
    const delay = below(random, milliseconds);
    const kill = () => {
      try {
        process.kill(child.pid!, 'SIGKILL');
        // It had ended.
      } catch {}
    };
    const timer = setInterval(() => {
      if (!readdirSync(directory).some((name) => name.includes(output))) return;
      clearInterval(timer);
      setTimeout(kill, delay);
    }, 1);
    child.once('close', () => clearInterval(timer));
  };
}

/** Temporary files and locks. */
function leftIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp$|\.lock$|\.partial$/.test(name),
  );
}

async function contents(folder: string, { stderr }: Outcome): Promise<Record<string, string>> {
  const names = await readdir(folder).catch(() => assert.fail(stderr));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  return Object.fromEntries(names.map((name, i) => [name, texts[i]]));
}
