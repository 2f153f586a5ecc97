import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import { product } from '../../../src/graph/operations/operations.ts';
import { csrFromDense } from '../../../src/graph/weights/csr.ts';
import { toHalves } from '../../../src/graph/weights/half-precision.ts';
import { uploadWeight } from '../../../src/graph/weights/weight.ts';
import { assertWithin } from '../../support/accuracy.ts';
import { asFloats, compute } from '../../support/compute.ts';
import { DEVICE_CLASSES, gpuAs } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';
import { testGpu } from '../../support/gpu.ts';
import { halfError, nearestHalf } from '../../support/halves.ts';
import { productOracle } from '../../support/oracles.ts';
import { epilogueTensors, productCase } from '../../support/products.ts';
import { holds } from '../../support/property.ts';

/** Value of the bits of a half, by definition. */
function halfValue(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

test('what 16 bits hold stays as it is, bit for bit', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) =>
    Number.isFinite(halfValue(bits)),
  );
  assert.deepEqual(toHalves('W', Float32Array.from(all, halfValue)), all);
});

test('everything else becomes the nearest number of 16 bits, of two the even one', () => {
  const halfway = fc
    .integer({ min: 0, max: 0x7bfe })
    .map((bits) => (halfValue(bits) + halfValue(bits + 1)) / 2);
  const float = fc.float({ min: -65_519, max: 65_519, noNaN: true });
  const tiny = fc.float({ min: Math.fround(-1e-4), max: Math.fround(1e-4), noNaN: true });
  fc.assert(
    fc.property(fc.oneof(halfway, float, tiny), (value) => {
      const got = halfValue(toHalves('W', Float32Array.of(value))[0]);
      assert.equal(got, nearestHalf(value));
      assert.ok(Math.abs(got - value) <= halfError(value));
    }),
    { numRuns: 2000 },
  );
});

test('a value beyond 16 bits is refused by the name of its weight, what is not a number is kept', async () => {
  assert.deepEqual(toHalves('W', Float32Array.of(65_519, -65_519)), Uint16Array.of(0x7bff, 0xfbff));
  assert.ok(Number.isNaN(halfValue(toHalves('W', Float32Array.of(Number.NaN))[0])));
  await assert.rejects(
    compute(await testGpu(), (_, scope) => {
      uploadWeight(scope, 'decoder/output', csrFromDense(Float32Array.of(1, -65_520), 1, 2), {
        values: 'f16',
      });
      return {};
    }),
    (error: Error) =>
      error instanceof UsageError && /decoder\/output: -65520 is beyond 65504/.test(error.message),
  );
});

test('a product with values of 16 bits is the exact one, but for what the values lose and a sum rounds', async () => {
  const cases = fc.record({
    product: productCase,
    format: fc.constantFrom('sparse' as const, 'dense' as const),
    deviceClass: fc.constantFrom(...DEVICE_CLASSES),
  });
  await holds(
    fc.asyncProperty(cases, async ({ product: given, format, deviceClass }) => {
      // Some magnitudes are subnormal in 16 bits, none is too large for them.
      const one = { ...given, a: given.a.map((value) => value / 16) };
      const { rows, depth, columns, a, b, bias, relu } = one;
      const { c } = await compute(await gpuAs(deviceClass), (graph, scope) => {
        const matrix = csrFromDense(a, rows, depth);
        const weight = uploadWeight(scope, 'a', matrix, { bias, format, values: 'f16' });
        const { column_scale: columnScale, residual } = epilogueTensors(scope, one);
        return {
          c: product(graph, weight, scope.upload('b', [depth, columns], b), {
            relu,
            ...(columnScale ? { columnScale } : {}),
            ...(residual ? { residual } : {}),
          }),
        };
      });
      assertWithin(asFloats(c), productOracle({ ...one, a: a.map(nearestHalf) }), 'of the values held');
      const exact = productOracle(one);
      const lost = exact.bound.map((bound, at) => {
        const [row, column] = [Math.floor(at / columns), at % columns];
        let loss = 0;
        for (let k = 0; k < depth; k++) {
          const value = a[row * depth + k];
          if (value !== 0) loss += halfError(value) * Math.abs(b[k * columns + column]);
        }
        // Larger values round a little more.
        return (bound + Math.abs(one.columnScale?.[column] ?? 1) * loss) * (1 + 2 ** -10);
      });
      assertWithin(asFloats(c), { value: exact.value, bound: lost }, 'of the values given');
    }),
    30,
  );
});
