import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import { loadTransformer } from '../../../src/models/transformer/model.ts';
import { DEMO_CHECKPOINT } from '../../support/demo.ts';
import { testGpu } from '../../support/gpu.ts';

const LOADS = 30;
const ROUNDS = 8;

test('models that are loaded and disposed, and never run, leave no memory of the host behind', async () => {
  const gpu = await testGpu();
  const checkpoint = await openCheckpoint(DEMO_CHECKPOINT);
  const collect = garbageCollector();
  let modelBytes = 0;
  const growths: number[] = [];
  // Heaps grow for a while, and now and then; what is kept of each model grows in every round.
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < LOADS; i++) {
      const model = await loadTransformer(gpu, checkpoint);
      modelBytes = model.byteLength;
      model.dispose();
    }
    collect();
    growths.push((process.memoryUsage().rss - before) / LOADS);
  }
  await checkpoint.close();
  const least = Math.min(...growths);
  assert.ok(least < modelBytes / 4, `${least} bytes a model of ${modelBytes}`);
});

/** What the runtime collects with at once; by itself it may let garbage of a hundred models lie. */
function garbageCollector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
