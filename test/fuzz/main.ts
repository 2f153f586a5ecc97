/**
 * `npm run fuzz -- [reader…] [--inputs N] [--minutes N] [--seed S]`: damaged files for every reader, one after the other. A
 * failing input is kept below `fuzz-failures/`, and the run goes on behind it; ends with 1 where there was one.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FAMILIES } from './families/index.ts';
import type { Family } from './family.ts';
import { filesOf } from './fuzz.ts';
import type { Report, Work } from './worker.ts';

const FOLDER = 'fuzz-failures';
/** An input that takes longer hangs. */
const PATIENCE_MS = 120_000;
/** Memory that JavaScript's own objects may take. */
const HEAP_MB = 768;
/** After so many failures of a reader it is clear that it needs mending. */
const MOST_FAILURES = 20;

const { values: options, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    inputs: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const inputs = wholeNumber('inputs', options.inputs, options.minutes === undefined ? 10_000 : 2 ** 31 - 1);
const minutes = Number(options.minutes ?? Number.POSITIVE_INFINITY);
const seed = wholeNumber('seed', options.seed, 1);
const unknown = positionals.find((name) => !FAMILIES.some((each) => each.name === name));
if (unknown !== undefined || Number.isNaN(minutes)) {
  console.error(
    `fuzz: there is no reader "${unknown}"; there are ${FAMILIES.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

let failures = 0;
let total = 0;
for (const family of FAMILIES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const { count, found } = await fuzzFamily(family);
  failures += found;
  total += count;
}
console.log(
  `${total} inputs, seed ${seed}: ${failures === 0 ? 'none failed' : `${failures} failed, see ${FOLDER}/`}`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function fuzzFamily(family: Family): Promise<{ count: number; found: number }> {
  const started = Date.now();
  const until = started + minutes * 60_000;
  const sum = { inputs: 0, values: 0, slowestSeconds: 0 };
  let found = 0;
  for (let from = 0; from < inputs && found < MOST_FAILURES && Date.now() < until; ) {
    const report = await watched({ family: family.name, seed, from, to: inputs, until });
    if (report.kind === 'done') {
      sum.inputs += report.inputs;
      sum.values += report.values;
      sum.slowestSeconds = Math.max(sum.slowestSeconds, report.slowestSeconds);
      break;
    }
    found++;
    sum.inputs += report.index - from + 1;
    from = report.index + 1;
    await keep(family, report.index, report.reason);
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  const read = sum.inputs === 0 ? 0 : (100 * sum.values) / sum.inputs;
  console.log(
    `${family.name.padEnd(14)} ${String(sum.inputs).padStart(9)} inputs in ${seconds} s, ${read.toFixed(1)} % read, slowest ${sum.slowestSeconds.toFixed(2)} s, ${found} failed`,
  );
  return { count: sum.inputs, found };
}

/** Runs a thread, and ends one that hangs. */
function watched(work: Omit<Work, 'place'>): Promise<Report> {
  const place = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorker({ ...work, place });
  return new Promise((resolve) => {
    let last = -1;
    const watch = setInterval(() => {
      const at = Atomics.load(place, 0);
      if (at === last) failed(`hung for ${PATIENCE_MS / 1000} s`);
      last = at;
    }, PATIENCE_MS);
    const end = (report: Report) => {
      clearInterval(watch);
      void worker.terminate();
      resolve(report);
    };
    const failed = (reason: string) => end({ kind: 'failed', reason, index: Atomics.load(place, 0) });
    worker.on('message', end);
    worker.on('error', (error) => failed(error.stack ?? error.message));
  });
}

/** What Node 20 lets tsx do for the main thread does not hold for the first file of another one. */
function startWorker(workerData: Work): Worker {
  const script = new URL('worker.ts', import.meta.url);
  const code = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
register();
await import(${JSON.stringify(script.href)});`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  return new Worker(url, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
}

/** Saves an input, and says what came of it. */
async function keep(family: Family, index: number, reason: string): Promise<void> {
  const folder = join(FOLDER, `${family.name}-${seed}-${index}`);
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of await filesOf(family, seed, index)) await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, 'reason.txt'), `${reason}\n`);
  console.error(`${folder}: ${reason.split('\n').slice(0, 6).join('\n')}`);
}

function wholeNumber(name: string, given: string | undefined, usual: number): number {
  const value = given === undefined ? usual : Number(given);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`fuzz: --${name} ${given}: must be a whole number`);
  process.exit(2);
}
