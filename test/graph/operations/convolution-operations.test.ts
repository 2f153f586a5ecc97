import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import type { Scope } from '../../../src/graph/device/scope.ts';
import {
  averagePool,
  convolution,
  maxPool,
  normalisePictures,
  type Pictures,
  pictureColumns,
} from '../../../src/graph/operations/convolution-operations.ts';
import { uploadConvolution } from '../../../src/graph/weights/convolution-weight.ts';
import { csrFromDense } from '../../../src/graph/weights/csr.ts';
import type { ValuePrecision } from '../../../src/graph/weights/half-precision.ts';
import { assertWithin } from '../../support/accuracy.ts';
import { asFloats, compute } from '../../support/compute.ts';
import {
  type ConvolutionCase,
  channelsLast,
  convolutionCase,
  convolutionOracle,
  deepConvolutionCase,
  featureMajor,
} from '../../support/convolutions.ts';
import { DEVICE_CLASSES, type DeviceClass, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { nearestHalf } from '../../support/halves.ts';
import { holds } from '../../support/property.ts';
import { floats, randomFrom } from '../../support/random.ts';

const deviceClass = fc.constantFrom(...DEVICE_CLASSES);
const format = fc.constantFrom('sparse' as const, 'dense' as const);

/** Pictures on the device, from `[batch, height, width, channels]`. */
function upload(
  scope: Scope,
  values: Float32Array,
  channels: number,
  size: Omit<Pictures, 'tensor'>,
): Pictures {
  const columns = pictureColumns(size);
  const tensor = scope.upload('x', [channels, columns], featureMajor(values, channels, columns));
  return { tensor, ...size };
}

async function convolve(
  one: ConvolutionCase,
  residual: Float32Array | undefined,
  size: { height: number; width: number },
  how: {
    format: 'sparse' | 'dense' | undefined;
    deviceClass: DeviceClass;
    values?: ValuePrecision;
  },
): Promise<Float32Array> {
  const { window, padAfter, batch, height, width, channels, filters, a, x, bias, relu } = one;
  const { y } = await compute(await gpuAs(how.deviceClass), (graph, scope) => {
    const matrix = csrFromDense(a, filters, a.length / filters);
    const weight = uploadConvolution(scope, 'a', matrix, window, {
      bias,
      format: how.format,
      values: how.values,
    });
    const pictures = upload(scope, x, channels, { batch, height, width });
    const result = convolution(graph, weight, pictures, {
      relu,
      padAfter,
      ...(residual ? { residual: upload(scope, residual, filters, { batch, ...size }) } : {}),
    });
    assert.deepEqual([result.height, result.width], [size.height, size.width]);
    return { y: result.tensor };
  });
  return channelsLast(asFloats(y), filters, batch * size.height * size.width);
}

test('sparse and dense convolution are the direct one, to the rounding of a sum', async () => {
  await holds(
    fc.asyncProperty(convolutionCase, format, deviceClass, async (one, format, deviceClass) => {
      const { height, width } = convolutionOracle(one, undefined);
      const residual =
        one.residualSeed === undefined
          ? undefined
          : floats(randomFrom(one.residualSeed), one.batch * height * width * one.filters, 4);
      const expected = convolutionOracle(one, residual);
      const actual = await convolve(one, residual, expected, { format, deviceClass });
      assertWithin(actual, expected, 'y');
    }),
    100,
  );
});

test('a convolution with values of 16 bits is the direct one with the nearest of them', async () => {
  await holds(
    fc.asyncProperty(
      fc.oneof(convolutionCase, deepConvolutionCase),
      format,
      deviceClass,
      async (given, format, deviceClass) => {
        const one = { ...given, residualSeed: undefined };
        const expected = convolutionOracle({ ...one, a: one.a.map(nearestHalf) }, undefined);
        const actual = await convolve(one, undefined, expected, { format, deviceClass, values: 'f16' });
        assertWithin(actual, expected, 'y');
      },
    ),
    25,
  );
});

test('a picture convolves to the same bits whatever the batch it comes in', async () => {
  const anyDepth = fc.oneof(convolutionCase, deepConvolutionCase);
  await holds(
    fc.asyncProperty(anyDepth, format, deviceClass, async (one, format, deviceClass) => {
      const size = convolutionOracle(one, undefined);
      const all = await convolve(one, undefined, size, { format, deviceClass });
      const [perInput, perOutput] = [one.x.length / one.batch, all.length / one.batch];
      for (let b = 0; b < one.batch; b++) {
        const alone = { ...one, batch: 1, x: one.x.slice(b * perInput, (b + 1) * perInput) };
        const y = await convolve(alone, undefined, size, { format, deviceClass });
        assert.deepEqual(y, all.slice(b * perOutput, (b + 1) * perOutput));
      }
    }),
    15,
  );
});

test('max pooling takes the largest pixel of each window, and only pixels of the picture', async () => {
  await holds(
    fc.asyncProperty(convolutionCase, deviceClass, async (one, deviceClass) => {
      const { window, padAfter, batch, height, width, channels, x } = one;
      const { size, stride, padBefore } = window;
      const expected = convolutionOracle(
        { ...one, filters: 1, a: one.a.slice(0, size * size * channels) },
        undefined,
      );
      const { y } = await compute(await gpuAs(deviceClass), (graph, scope) => {
        const pictures = upload(scope, x, channels, { batch, height, width });
        return { y: maxPool(graph, window, pictures, padAfter).tensor };
      });
      const actual = channelsLast(asFloats(y), channels, batch * expected.height * expected.width);
      actual.forEach((value, at) => {
        const c = at % channels;
        const ox = Math.floor(at / channels) % expected.width;
        const oy = Math.floor(at / channels / expected.width) % expected.height;
        const b = Math.floor(at / channels / expected.width / expected.height);
        let largest = Number.NEGATIVE_INFINITY;
        for (let iy = oy * stride - padBefore; iy < oy * stride - padBefore + size; iy++) {
          for (let ix = ox * stride - padBefore; ix < ox * stride - padBefore + size; ix++) {
            if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
            largest = Math.max(largest, x[((b * height + iy) * width + ix) * channels + c]);
          }
        }
        assert.equal(value, largest);
      });
    }),
    25,
  );
});

test('what is not a number stays so, through ReLU and max pooling, wherever a window meets it', async () => {
  const at = fc.record({ pixel: fc.nat(24), size: fc.constantFrom(1, 3), format, deviceClass });
  await holds(
    fc.asyncProperty(at, async ({ pixel, size, format, deviceClass }) => {
      const x = new Float32Array(25).fill(2);
      // Both signs: what the device computes has either.
      x[pixel] = new Float32Array(Uint32Array.of(pixel % 2 === 0 ? 0x7fc00000 : 0xffc00000).buffer)[0];
      const { y, largest } = await compute(await gpuAs(deviceClass), (graph, scope) => {
        const window = { size, stride: 1, padBefore: (size - 1) / 2 };
        const matrix = csrFromDense(new Float32Array(size * size).fill(1), 1, size * size);
        const weight = uploadConvolution(scope, 'a', matrix, window, { format });
        const pictures = upload(scope, x, 1, { batch: 1, height: 5, width: 5 });
        return {
          y: convolution(graph, weight, pictures, { relu: true }).tensor,
          largest: maxPool(graph, window, pictures, window.padBefore).tensor,
        };
      });
      const reach = (size - 1) / 2;
      for (let other = 0; other < 25; other++) {
        const down = Math.abs(Math.floor(other / 5) - Math.floor(pixel / 5));
        const across = Math.abs((other % 5) - (pixel % 5));
        const met = Math.max(down, across) <= reach;
        assert.equal(Number.isNaN(asFloats(y)[other]), met);
        assert.equal(Number.isNaN(asFloats(largest)[other]), met);
      }
    }),
    16,
  );
});

test('average pooling is the mean of every picture', async () => {
  const cases = fc.record({
    batch: fc.integer({ min: 1, max: 6 }),
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.integer({ min: 1, max: 40 }),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(cases, deviceClass, async ({ batch, height, width, channels, seed }, deviceClass) => {
      const area = height * width;
      const x = floats(randomFrom(seed), batch * area * channels, 3);
      const { y } = await compute(await gpuAs(deviceClass), (graph, scope) => ({
        y: averagePool(graph, upload(scope, x, channels, { batch, height, width })),
      }));
      const pooled = asFloats(y);
      const columns = pooled.length / channels;
      for (let c = 0; c < channels; c++) {
        for (let b = 0; b < columns; b++) {
          const values = Array.from({ length: area }, (_, p) =>
            b < batch ? x[(b * area + p) * channels + c] : 0,
          );
          const size = values.reduce((sum, value) => sum + Math.abs(value), 0) / area;
          const mean = values.reduce((sum, value) => sum + value, 0) / area;
          assert.ok(Math.abs(pooled[c * columns + b] - mean) <= (area + 2) * 2 ** -23 * size);
        }
      }
    }),
    15,
  );
});

test('pictures are normalised and laid out channel by channel', async () => {
  const [batch, height, width] = [2, 3, 5];
  const pixels = batch * height * width;
  const pictures = floats(randomFrom(5), pixels * 3, 6);
  const [mean, deviation] = [[1.5, -2, 30] as const, [3, 0.7, 57.12] as const];
  const { x } = await compute(await gpuAs('cpu'), (graph, scope) => ({
    x: normalisePictures(
      graph,
      scope.upload('pictures', [batch, height, width, 3], pictures),
      mean,
      deviation,
    ).tensor,
  }));
  channelsLast(asFloats(x), 3, pixels).forEach((value, at) => {
    const expected = (pictures[at] - mean[at % 3]) / deviation[at % 3];
    // A subtraction and a division, of which WGSL rounds the latter to 2.5 units in the last place.
    const size = (Math.abs(pictures[at]) + Math.abs(mean[at % 3])) / deviation[at % 3];
    assert.ok(Math.abs(value - expected) <= 4 * 2 ** -24 * size);
  });
});

test('pictures and kernels that do not fit each other are refused', async () => {
  await compute(await gpuAs('cpu'), (graph, scope) => {
    const window = { size: 3, stride: 1, padBefore: 0 };
    const matrix = csrFromDense(new Float32Array(18), 1, 18);
    const weight = uploadConvolution(scope, 'kernel', matrix, window);
    const pictures = (channels: number, side: number) =>
      upload(scope, new Float32Array(channels * side * side), channels, {
        batch: 1,
        height: side,
        width: side,
      });
    const refuses = (work: () => unknown, message: RegExp) =>
      assert.throws(work, (error) => error instanceof UsageError && message.test(error.message));
    refuses(() => convolution(graph, weight, pictures(3, 4)), /kernel takes 2 channels, x has 3/);
    refuses(() => convolution(graph, weight, pictures(2, 2)), /window of 3 pixels over pictures of 2 x 2/);
    refuses(
      () => convolution(graph, weight, pictures(2, 4), { padAfter: 3 }),
      /kernel: 0 zeros before and 3 behind a picture; a window of 3 pixels allows 2/,
    );
    const single = uploadConvolution(scope, 'single', csrFromDense(new Float32Array(2), 1, 2), {
      size: 1,
      stride: 1,
      padBefore: 1,
    });
    refuses(() => convolution(graph, single, pictures(2, 4)), /single: 1 zeros before/);
    refuses(() => maxPool(graph, { ...window, padBefore: 3 }, pictures(2, 4), 0), /max pool: 3 zeros before/);
    refuses(() => maxPool(graph, window, pictures(2, 2), 0), /window of 3 pixels over pictures of 2 x 2/);
    refuses(
      () => convolution(graph, weight, pictures(2, 4), { residual: pictures(1, 5) }),
      /gives \[1, 4\], the residual is \[1, 28\]/,
    );
    refuses(() => uploadConvolution(scope, 'odd', csrFromDense(new Float32Array(5), 1, 5), window), /9 taps/);
    return { y: convolution(graph, weight, pictures(2, 4)).tensor };
  });
});
