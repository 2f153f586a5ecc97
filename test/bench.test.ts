import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runtimeArguments } from '../src/cli/adapter/runtime-arguments.ts';
import { withDirectory } from './io/support.ts';
import { parsedBySchema } from './support/schema.ts';

const BENCH = fileURLToPath(new URL('../bench', import.meta.url));

/** What the benchmarks have in common. */
interface Report {
  benchmark: string;
  results: { ms: number; denseMs?: number; ratio?: number; sparsity?: number }[];
  geomean?: Record<string, number>;
}

for (const name of [
  'spmm',
  'conv',
  'dense',
  'transformer',
  'newstest',
  'host',
  'resnet50',
  'load',
  'ablations',
  'masked',
  'train',
]) {
  test(`the benchmark ${name} runs, and its report fits the schema`, async () => {
    const script = `${BENCH}/${name}.ts`;
    const args = [...runtimeArguments(script), script, '--smoke', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { benchmark, results, geomean } = await parsedBySchema<Report>('bench', stdout);
    assert.equal(benchmark, name);
    for (const { ms, denseMs, ratio } of results) {
      if (denseMs !== undefined) assert.equal(ratio, denseMs / ms);
    }
    for (const [sparsity, mean] of Object.entries(geomean ?? {})) {
      const ratios = results.filter((each) => each.sparsity === Number(sparsity)).map((each) => each.ratio!);
      if (ratios.length === 0) continue;
      const product = ratios.reduce((all, ratio) => all * ratio, 1);
      assert.ok(Math.abs(mean / product ** (1 / ratios.length) - 1) < 1e-9, `mean at ${sparsity}`);
    }
  });
}

test('a session on a GPU comes to every benchmark of one, and names what it has no time for', async () => {
  await withDirectory(async (folder) => {
    const script = `${BENCH}/gpu-session.sh`;
    const session = promisify(execFile)('bash', [script, '--rehearse', '--minutes', '0', folder]);
    await assert.rejects(session, (error: { code?: unknown }) => error.code === 1);
    const lines = (await readFile(join(folder, 'summary.tsv'), 'utf8')).trimEnd().split('\n');
    const parts = lines.map((line) => line.split('\t'));
    const benchmarks = (await readdir(BENCH))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.slice(0, -'.ts'.length));
    const untouched = benchmarks.filter((name) => !parts.some(([part]) => part === name));
    assert.deepEqual(untouched.sort(), ['jpeg', 'load']);
    for (const [part, what] of parts) {
      if (!part.startsWith('torch')) assert.equal(what, 'not begun: 0 minutes are over', part);
    }
  });
});

test('an option no benchmark has is refused in one line', async () => {
  const script = `${BENCH}/spmm.ts`;
  const args = [...runtimeArguments(script), script, '--slow'];
  const failed = await promisify(execFile)(process.execPath, args).then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  assert.equal(failed?.code, 2);
  assert.match(failed.stderr, /--slow/);
  assert.doesNotMatch(failed.stderr, /^\s+at /m);
});
