import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { TECHNIQUES } from '../../src/base/technique.ts';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { below, type Random, randomFrom } from '../support/random.ts';
import { optionsOf, smallResNet, smallTransformer } from '../train/run/small-runs.ts';

/** How often each training is ended; unless given, once. */
const KILLS = process.env.TSOS_FAULT_KILLS;
const SEED = Number(process.env.TSOS_FAULT_SEED ?? 1);
/** Without the variable: techniques whose masks, or noise, go on from a state of their own, and few steps. */
const [TECHNIQUES_KILLED, STEPS] =
  KILLS === undefined
    ? ([['random_pruning', 'variational_dropout'], 20] as const)
    : ([TECHNIQUES, 60] as const);
/** More than a step takes, with its checkpoint. */
const JITTER_MS = 100;

const RUNS = [
  ...TECHNIQUES_KILLED.map((technique) => ({
    name: technique,
    settingsIn: (directory: string) => smallTransformer(directory, technique, { trainSteps: STEPS }),
  })),
  {
    name: 'a residual network',
    settingsIn: (directory: string) => smallResNet(directory, 'magnitude_pruning', { trainSteps: STEPS / 2 }),
  },
];

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  // Ctrl-C is no other for another technique, unless much is asked for.
  const runs = signal === 'SIGKILL' || KILLS !== undefined ? RUNS : RUNS.slice(-1);
  for (const [i, { name, settingsIn }] of runs.entries()) {
    test(`${name}: a training that ${signal} ends at any moment goes on to the same, to the bit`, async (context) => {
      await withDirectory(async (directory) => {
        const settings = await settingsIn(directory);
        const train = (folder: string, during?: (child: ChildProcess) => void) => {
          const output = join(directory, folder);
          const args = ['train', settings.model, '--output', output, '--resume', ...optionsOf(settings)];
          return tsos(args, during ? { during } : {});
        };
        const whole = await train('whole');
        assert.equal(whole.code, 0, whole.stderr);
        const random = randomFrom(SEED + i);
        let ended = 0;
        for (const step of momentsOf(random, settings.trainSteps, Number(KILLS ?? 1))) {
          const wait = below(random, JITTER_MS);
          const { code, stderr } = await train(
            'killed',
            endAt(join(directory, 'killed'), step, { signal, wait }),
          );
          // It may have been done before it was told.
          const isEnded = code === signal || (signal === 'SIGINT' && code === 130);
          assert.ok(isEnded || code === 0, `${code}: ${stderr}`);
          if (isEnded) ended++;
        }
        context.diagnostic(`ended ${ended} times`);
        const { code, stderr } = await train('killed');
        assert.equal(code, 0, stderr);
        const [parts, expected] = await Promise.all(
          ['killed', 'whole'].map((folder) => contents(join(directory, folder), settings.trainSteps)),
        );
        assert.deepEqual(parts.last, expected.last);
        // One that is told to end leaves a checkpoint of where it was.
        if (signal === 'SIGKILL') assert.deepEqual(parts.all, expected.all);
        assert.ok(!(await readdir(directory)).some((file) => file.endsWith('.lock')));
      });
    });
  }
}

/** Steps behind which a training is ended, rising: some of all there are, so that it is ended all the way. */
function momentsOf(random: Random, steps: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(((i + random()) * steps) / count));
}

/** Ends a process some time after its run in a folder has come to a step. */
function endAt(
  folder: string,
  step: number,
  { signal, wait }: { signal: NodeJS.Signals; wait: number },
): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (recordsIn(folder) < step || !existsSync(folder)) return;
      clearInterval(timer);
      setTimeout(() => {
        // Not child.kill, after which Deno takes any end for that of the signal.
        if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, signal);
      }, wait);
    }, 5);
    child.once('close', () => clearInterval(timer));
  };
}

/** Records of metrics: one for each step that was done. */
function recordsIn(folder: string): number {
  const file = join(folder, 'metrics.jsonl');
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').length - 1 : 0;
}

/** The files of a run but those that tell of the clock: all, and those of its end. */
async function contents(folder: string, steps: number) {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('events.'));
  const read = names.sort().map(async (name) => [name, await readFile(join(folder, name), 'hex')] as const);
  const files = await Promise.all(read);
  const isLast = (name: string) =>
    name.startsWith('model.ckpt-') ? name.startsWith(`model.ckpt-${steps}.`) : name !== 'checkpoint';
  return {
    all: Object.fromEntries(files),
    last: Object.fromEntries(files.filter(([name]) => isLast(name))),
  };
}
