import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { TECHNIQUES } from '../../src/base/technique.ts';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { optionsOf, smallResNet, smallTransformer } from '../train/run/small-runs.ts';

/** How often each training is killed. */
const KILLS = Number(process.env.TSOS_FAULT_KILLS ?? 1);
const SEED = Number(process.env.TSOS_FAULT_SEED ?? 1);
/** About what one takes once it has begun. */
const TRAINING_MS = 1500;

const RUNS = [
  ...TECHNIQUES.map((technique) => ({
    name: technique,
    settingsIn: (directory: string) => smallTransformer(directory, technique, { trainSteps: 60 }),
  })),
  {
    name: 'a residual network',
    settingsIn: (directory: string) => smallResNet(directory, 'magnitude_pruning', { trainSteps: 30 }),
  },
];

for (const [i, { name, settingsIn }] of RUNS.entries()) {
  test(`${name}: a training that is killed at any moment goes on to the same, to the bit`, async () => {
    await withDirectory(async (directory) => {
      const settings = await settingsIn(directory);
      const train = (folder: string, random?: Random) => {
        const output = join(directory, folder);
        const args = ['train', settings.model, '--output', output, '--resume', ...optionsOf(settings)];
        return tsos(args, random ? { during: killWithin(random, output) } : {});
      };
      const whole = await train('whole');
      assert.equal(whole.code, 0, whole.stderr);
      const random = randomFrom(SEED + i);
      for (let kills = 0; kills < KILLS; kills++) {
        const { code, stderr } = await train('killed', random);
        assert.ok(code === 'SIGKILL' || code === 0, stderr);
        if (code === 0) break;
      }
      const { code, stderr } = await train('killed');
      assert.equal(code, 0, stderr);
      assert.deepEqual(await contents(join(directory, 'killed')), await contents(join(directory, 'whole')));
      assert.ok(!(await readdir(directory)).some((name) => name.endsWith('.lock')));
    });
  });
}

/** Kills a process some time after its output has come to be. */
function killWithin(random: Random, output: string): (child: ChildProcess) => void {
  return (child) => {
    const wait = random() * TRAINING_MS;
    const timer = setInterval(() => {
      if (!existsSync(output)) return;
      clearInterval(timer);
      setTimeout(() => process.kill(child.pid!, 'SIGKILL'), wait).unref();
    }, 5);
    child.once('close', () => clearInterval(timer));
  };
}

/** The files of a run but those that tell of the clock. */
async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('events.'));
  const read = names.sort().map(async (name) => [name, await readFile(join(folder, name), 'hex')] as const);
  return Object.fromEntries(await Promise.all(read));
}
