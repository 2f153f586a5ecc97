import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError, UsageError } from '../../../src/base/errors.ts';
import {
  copyTensor,
  type HostData,
  readFloats,
  readWords,
  Scope,
  write,
} from '../../../src/graph/device/scope.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { holds } from '../../support/property.ts';

const hostData: fc.Arbitrary<HostData> = fc.oneof(
  fc.float32Array({ maxLength: 20, noNaN: true }),
  fc.uint32Array({ maxLength: 20 }),
  fc.uint16Array({ maxLength: 20 }),
);

test('what is uploaded is read back, 16-bit numbers two in a word, and zeros behind it', async () => {
  await holds(
    fc.asyncProperty(hostData, async (data) => {
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const tensor = scope.upload('data', [data.length], data);
      const bytes = new Uint8Array(await gpu.read(tensor.buffer));
      const expected = new Uint8Array(bytes.length);
      expected.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      assert.deepEqual(bytes, expected);
      assert.ok(bytes.length >= Math.max(data.byteLength, 16), 'room for a vec4');
    }),
    40,
  );
});

test('as many values are read as the shape has, whatever the buffer is padded to', async () => {
  await holds(
    fc.asyncProperty(fc.float32Array({ maxLength: 20, noNaN: true }), async (data) => {
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const tensor = scope.upload('data', [1, data.length], data);
      assert.deepEqual(await readFloats(gpu, tensor), data);
      assert.deepEqual(await readWords(gpu, tensor), new Uint32Array(data.buffer, 0, data.length));
    }),
    20,
  );
});

test('values that do not fit the shape, or are of a kind that the device has not, are refused', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const refused = (data: unknown, message: RegExp) => {
    const upload = () => scope.upload('x', [2, 3], data as HostData);
    assert.throws(upload, (error: Error) => error instanceof UsageError && message.test(error.message));
  };
  refused(new Float32Array(5), /^x \[2, 3\]: 5 values, expected 6$/);
  refused(new Float64Array(6), /^x: values of type Float64Array, expected a Float32Array/);
  refused([1, 2, 3, 4, 5, 6], /^x: values of type Array/);
  refused(undefined, /^x: values undefined/);
  const tensor = scope.tensor('y', [2]);
  assert.throws(() => write(gpu, tensor, new Float64Array(1) as unknown as HostData), UsageError);
});

test('a scope owns the bytes of all its tensors until it is disposed', async () => {
  const shapes = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }), { maxLength: 5 });
  await holds(
    fc.asyncProperty(shapes, async (shapes) => {
      const scope = new Scope(await testGpu());
      const tensors = shapes.map((shape, i) => scope.tensor(`tensor ${i}`, shape));
      const sizes = tensors.map(({ buffer, byteLength }, i) => {
        assert.equal(byteLength, buffer.size);
        assert.ok(byteLength >= shapes[i].reduce((product, extent) => product * extent, 4));
        return byteLength;
      });
      assert.equal(
        scope.byteLength,
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      );
      scope.dispose();
      scope.dispose();
      assert.equal(scope.byteLength, 0);
      tensors.forEach((tensor, i) => {
        const named = `tensor ${i} [${shapes[i].join(', ')}] was used after its owner was disposed.`;
        assert.throws(
          () => tensor.buffer,
          (error: Error) => error instanceof DisposedError && error.message === named,
        );
      });
    }),
    20,
  );
});

test('a write replaces the beginning of a tensor, and is refused when it is too long', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const tensor = scope.upload('x', [4], Float32Array.of(1, 2, 3, 4));
  write(gpu, tensor, Float32Array.of(10, 20));
  assert.deepEqual(await readFloats(gpu, tensor), Float32Array.of(10, 20, 3, 4));
  assert.deepEqual(await readFloats(gpu, tensor, 1), Float32Array.of(10));
  assert.throws(() => write(gpu, tensor, new Float32Array(5)), UsageError);
});

test('a write of more than one upload takes is whole', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const data = Uint32Array.from({ length: (1 << 22) + 3 }, (_, i) => i);
  assert.deepEqual(await readWords(gpu, scope.upload('long', [data.length], data), data.length), data);
});

test('copying a tensor into a larger one leaves the rest of it', async () => {
  const gpu = await testGpu();
  using scope = new Scope(gpu);
  const from = scope.upload('from', [4], Float32Array.of(1, 2, 3, 4));
  const to = scope.upload('to', [6], Float32Array.of(9, 9, 9, 9, 5, 6));
  copyTensor(gpu, from, to);
  assert.deepEqual(await readFloats(gpu, to, 6), Float32Array.of(1, 2, 3, 4, 5, 6));
});
