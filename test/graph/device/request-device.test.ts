import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdapterError } from '../../../src/base/errors.ts';
import { requestDevice } from '../../../src/graph/device/request-device.ts';
import { testGpu } from '../../support/gpu.ts';

test('an adapter that fails is asked again under Bun, and nowhere else', async () => {
  const { adapter: description, limits } = await testGpu();
  for (const [runtime, failures, asked] of [
    ['bun', 2, 3],
    ['bun', 3, 3],
    ['node', 1, 1],
  ] as const) {
    const device = {} as GPUDevice;
    let count = 0;
    const adapter = {
      features: new Set<string>(),
      limits,
      async requestDevice() {
        if (count++ < failures) throw new Error('no memory');
        return device;
      },
    };
    const answer = requestDevice(adapter as unknown as GPUAdapter, description, runtime);
    if (failures < asked) assert.equal(await answer, device);
    else
      await assert.rejects(
        answer,
        (error) => error instanceof AdapterError && / gives no device: no memory$/.test(error.message),
      );
    assert.equal(count, asked);
  }
});
