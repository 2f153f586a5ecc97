import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords, Scope } from '../../../src/graph/device/scope.ts';
import { segmentLength } from '../../../src/graph/tuning/tilings.ts';
import { uploadConvolution } from '../../../src/graph/weights/convolution-weight.ts';
import { csrFromDense } from '../../../src/graph/weights/csr.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import { floats, randomFrom, sparsify } from '../../support/random.ts';

for (const deviceClass of DEVICE_CLASSES) {
  test(`segments hold the entries of a row tap by tap, and no more than the device sums at once, ${deviceClass}`, async () => {
    const [filters, channels, taps] = [5, 100, 9];
    const random = randomFrom(3);
    const cols = taps * channels;
    const a = sparsify(random, floats(random, filters * cols, 4), cols, 0.6, 'empty rows');
    const gpu = await gpuAs(deviceClass);
    using scope = new Scope(gpu);
    const window = { size: 3, stride: 1, padBefore: 1 };
    const weight = uploadConvolution(scope, 'a', csrFromDense(a, filters, cols), window, {
      format: 'sparse',
    });
    assert.ok(weight.kind === 'sparse');
    const rows = await readWords(gpu, weight.swizzledRows, 4 * filters);
    const segments = await readWords(gpu, weight.segments, 2 * weight.segments.shape[0]);
    const entries = await readWords(gpu, weight.entries, 2 * weight.nnz);
    const values = new Float32Array(entries.buffer);
    const gathered = new Float32Array(a.length);
    for (let slot = 0; slot < filters; slot++) {
      const [row, , first, end] = rows.subarray(4 * slot);
      for (let at = first; at < end; at++) {
        const [tap, start, , stop] = segments.subarray(2 * at);
        assert.ok(start < stop && stop - start <= segmentLength(gpu));
        // Only what is full is followed by more of its tap.
        if (at > first && segments[2 * at - 2] === tap)
          assert.equal(start - segments[2 * at - 1], segmentLength(gpu));
        for (let i = start; i < stop; i++)
          gathered[row * cols + tap * channels + entries[2 * i]] = values[2 * i + 1];
      }
    }
    assert.deepEqual(gathered, a);
  });
}
