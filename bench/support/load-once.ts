import { execFile } from 'node:child_process';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type Gpu, openGpu } from '../../src/graph/open-gpu.ts';
import { openCheckpoint } from '../../src/io/checkpoint/checkpoint.ts';
import { loadResNet50 } from '../../src/models/resnet50/model.ts';
import { loadTransformer } from '../../src/models/transformer/model.ts';
import { timeInRounds } from '../comparison/measure.ts';

/*
 * Loads a checkpoint onto the device a few times in turn with reading its files, from memory and from the disk, and prints a
 * `LoadMeasurement`.
 *
 *     load-once.ts <model> <prefix> <rounds>
 */

const LOADERS = { transformer: loadTransformer, resnet50: loadResNet50 } as const;

export type LoadableModel = keyof typeof LOADERS;

export interface LoadMeasurement {
  /** Of all files of the checkpoint. */
  readonly bytes: number;
  /** Of the weights on the device. */
  readonly deviceBytes: number;
  readonly ms: number;
  /** To read the files from the first byte to the last, both from the system's cache. */
  readonly readMs: number;
  /** The same two with nothing of the files in the cache, as the first time; null where the system cannot forget them. */
  readonly coldMs: number | null;
  readonly coldReadMs: number | null;
  /** Memory of the first load at its height, beyond the open device. */
  readonly peakBytes: number;
  /** Without the weights on the device, where those lie in the memory of the process. */
  readonly aboveModelBytes: number;
  readonly spread: number;
}

const [model, prefix, rounds] = process.argv.slice(2);
const gpu = await openGpu();
const files = await filesOf(prefix);
const before = await forgetPeak();
const { deviceBytes } = await load(gpu);
const peakBytes = (await peakMemory()) - before;
const [loading, reading] = await timeInRounds([async () => (await load(gpu)).ms, () => readAll(files)], {
  budgetMs: 0,
  minRounds: Number(rounds),
});
const canForget = await forgetFiles(files);
const [coldLoading, coldReading] = canForget
  ? await timeInRounds([cold(async () => (await load(gpu)).ms), cold(() => readAll(files))], {
      budgetMs: 0,
      minRounds: Number(rounds),
    })
  : [];
const measurement: LoadMeasurement = {
  bytes: files.reduce((sum, { size }) => sum + size, 0),
  deviceBytes,
  ms: loading.ms,
  readMs: reading.ms,
  coldMs: coldLoading?.ms ?? null,
  coldReadMs: coldReading?.ms ?? null,
  peakBytes,
  aboveModelBytes: peakBytes - (gpu.deviceClass === 'cpu' ? deviceBytes : 0),
  spread: loading.spread,
};
console.log(JSON.stringify(measurement));
await gpu.close();

async function load(gpu: Gpu): Promise<{ ms: number; deviceBytes: number }> {
  const started = performance.now();
  const checkpoint = await openCheckpoint(prefix);
  using loaded = await LOADERS[model as LoadableModel](gpu, checkpoint);
  await checkpoint.close();
  return { ms: performance.now() - started, deviceBytes: loaded.byteLength };
}

interface FileSize {
  readonly path: string;
  readonly size: number;
}

async function filesOf(prefix: string): Promise<FileSize[]> {
  const folder = dirname(prefix);
  const names = (await readdir(folder)).filter((name) => join(folder, name).startsWith(`${prefix}.`));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, size: (await stat(path)).size };
    }),
  );
}

/** Milliseconds to read files in pieces, as large as pieces usefully are. */
async function readAll(files: readonly FileSize[]): Promise<number> {
  const piece = new Uint8Array(1 << 22);
  const started = performance.now();
  for (const { path } of files) {
    const file = await open(path);
    while ((await file.read(piece)).bytesRead > 0);
    await file.close();
  }
  return performance.now() - started;
}

/** The same measurement with the files to be read from the disk. */
function cold(measure: () => Promise<number>): () => Promise<number> {
  return async () => {
    await forgetFiles(files);
    return measure();
  };
}

/** Puts files out of the system's cache, by the dd of GNU. @returns whether that worked */
async function forgetFiles(files: readonly FileSize[]): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    for (const { path } of files) {
      const options = ['oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
      await promisify(execFile)('dd', [`of=${path}`, ...options]);
    }
    return true;
  } catch {
    return false;
  }
}

/** Starts counting the height of memory anew where the system can (Linux). @returns what is taken now */
async function forgetPeak(): Promise<number> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => {});
  return process.memoryUsage.rss();
}

/** The most memory taken since `forgetPeak`; since the start of the process where the system cannot forget. */
async function peakMemory(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const highWater = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return highWater ? Number(highWater[1]) * 1024 : process.resourceUsage().maxRSS * 1024;
}
