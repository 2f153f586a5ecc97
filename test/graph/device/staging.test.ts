import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferUsage } from '../../../src/graph/device/buffer-usage.ts';
import { Scope } from '../../../src/graph/device/scope.ts';
import { StagingBuffers } from '../../../src/graph/device/staging.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';

test('readings of any sizes, many at once, get what was written, and leave few buffers', async () => {
  const gpu = await testGpu();
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 40 });
  await holds(
    fc.asyncProperty(sizes, async (sizes) => {
      using scope = new Scope(gpu);
      const readings = sizes.map((size, i) => {
        const values = Uint32Array.from({ length: size }, (_, k) => 1000 * i + k);
        return { values, read: gpu.read(scope.upload(`t${i}`, [size], values).buffer, 0, 4 * size) };
      });
      for (const { values, read } of readings) assert.deepEqual(new Uint32Array(await read), values);
    }),
    10,
  );
});

test('a buffer is nobody else’s until it is put back, has room, and large or many ones are not kept', async () => {
  const gpu = await testGpu();
  let made = 0;
  const staging = new StagingBuffers((bytes) => {
    made++;
    return gpu.createBuffer('staging', bytes, BufferUsage.MAP_READ | BufferUsage.COPY_DST);
  });
  const [one, other] = [staging.take(1000), staging.take(1000)];
  assert.notEqual(one, other);
  assert.ok(one.size >= 1000);
  staging.put(one);
  assert.equal(staging.take(900), one);
  assert.equal(made, 2);
  const large = staging.take(3 << 20);
  staging.put(large);
  assert.notEqual(staging.take(3 << 20), large);
  const many = Array.from({ length: 40 }, () => staging.take(16));
  for (const buffer of many) staging.put(buffer);
  made = 0;
  for (let i = 0; i < 40; i++) staging.take(16);
  assert.ok(made >= 24, `${made} of 40 made anew`);
});
