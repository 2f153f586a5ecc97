import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passMilliseconds } from '../../../src/graph/tuning/time-pass.ts';
import { testGpu } from '../../support/gpu.ts';

test('a pass that does nothing takes next to no time, however late the runtime tells of its end', async () => {
  const gpu = await testGpu();
  let least = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < 10; sample++) least = Math.min(least, await passMilliseconds(gpu, () => {}));
  assert.ok(least >= 0 && least < 5, `${least} ms`);
});
