import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runtimeArguments } from '../src/cli/adapter/runtime-arguments.ts';
import type { Checkpoint } from '../src/io/checkpoint/checkpoint-types.ts';
import { writeCheckpoint } from '../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../src/io/exchange/export.ts';
import { resnetSize, transformerSize } from './comparison/layers.ts';
import { runBench } from './support/bench.ts';
import type { LoadableModel, LoadMeasurement } from './support/load-once.ts';
import { madeResNet, madeTransformer } from './support/made-models.ts';
import { startTable } from './support/table.ts';

/*
 * From a checkpoint to weights on the device, for both models at 90 %: how fast, how much slower than reading the same bytes
 * one after the other, with the files in the system's cache and without, and how much memory at most. Each model is loaded in a process of its own, because
 * a process cannot forget the memory it once had.
 *
 *     npm run bench -- load [--quick] [--json]
 */

interface LoadResult extends LoadMeasurement {
  readonly name: string;
  readonly sparsity: number;
  /** Load time over the time to read the same bytes. */
  readonly ratio: number;
  /** The same with nothing in the system's cache. */
  readonly coldRatio: number | null;
  readonly megabytesPerSecond: number;
}

const LOAD_ONCE = fileURLToPath(new URL('support/load-once.ts', import.meta.url));
const SPARSITY = '0.9';
const ROUNDS = { full: 5, quick: 3, smoke: 1 } as const;

await runBench('load', async ({ scale, say }) => {
  const print = startTable<LoadResult>(say, [
    { heading: 'model', width: 12, align: 'left', cell: ({ name }) => name },
    { heading: 'checkpoint', width: 12, cell: ({ bytes }) => mebibytes(bytes) },
    { heading: 'on device', width: 12, cell: ({ deviceBytes }) => mebibytes(deviceBytes) },
    { heading: 'load ms', width: 10, cell: ({ ms }) => ms.toFixed(0) },
    { heading: 'read ms', width: 10, cell: ({ readMs }) => readMs.toFixed(0) },
    { heading: 'ratio', width: 6, cell: ({ ratio }) => ratio.toFixed(2) },
    { heading: 'cold ms', width: 10, cell: ({ coldMs }) => coldMs?.toFixed(0) ?? '–' },
    { heading: 'read ms', width: 10, cell: ({ coldReadMs }) => coldReadMs?.toFixed(0) ?? '–' },
    { heading: 'ratio', width: 6, cell: ({ coldRatio }) => coldRatio?.toFixed(2) ?? '–' },
    { heading: 'MB/s', width: 8, cell: ({ megabytesPerSecond }) => megabytesPerSecond.toFixed(0) },
    { heading: 'peak memory', width: 12, cell: ({ peakBytes }) => mebibytes(peakBytes) },
    { heading: 'above model', width: 12, cell: ({ aboveModelBytes }) => mebibytes(aboveModelBytes) },
    { heading: 'spread', width: 6, cell: ({ spread }) => `${(100 * spread).toFixed(0)} %` },
  ]);
  const models: { name: LoadableModel; make: () => Promise<Checkpoint> }[] = [
    { name: 'transformer', make: () => madeTransformer(transformerSize(scale), SPARSITY) },
    { name: 'resnet50', make: () => madeResNet(resnetSize(scale), SPARSITY) },
  ];
  const results: LoadResult[] = [];
  for (const { name, make } of models) {
    const folder = await mkdtemp(join(tmpdir(), 'tsos-bench-'));
    try {
      const prefix = join(folder, 'model.ckpt-0');
      await writeCheckpoint(prefix, readTensors(await make()));
      const measured = await loadInOwnProcess(name, prefix, ROUNDS[scale]);
      const { ms, readMs, coldMs, coldReadMs, bytes } = measured;
      const result = {
        name,
        sparsity: Number(SPARSITY),
        ...measured,
        ratio: ms / readMs,
        coldRatio: coldMs !== null && coldReadMs !== null ? coldMs / coldReadMs : null,
        megabytesPerSecond: bytes / ms / 1e3,
      };
      print(result);
      results.push(result);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return { results };
});

async function loadInOwnProcess(
  model: LoadableModel,
  prefix: string,
  rounds: number,
): Promise<LoadMeasurement> {
  const args = [...runtimeArguments(LOAD_ONCE), LOAD_ONCE, model, prefix, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
