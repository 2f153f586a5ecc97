import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withinTime } from '../../../src/graph/device/within-time.ts';

describe('withinTime', () => {
  it('passes on what the work gives or throws', async () => {
    assert.equal(await withinTime(Promise.resolve(7), 10, fail), 7);
    await assert.rejects(withinTime(Promise.reject(new Error('broken')), 10, fail), /broken/);
  });

  it('asks what to do once the time is over', async () => {
    const never = new Promise<number>(() => {});
    assert.equal(await withinTime(never, 0.01, () => 8), 8);
    await assert.rejects(withinTime(never, 0.01, fail), /expired/);
  });
});

function fail(): never {
  throw new Error('expired');
}
