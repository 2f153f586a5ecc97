import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  plainScan,
  SCAN_ELEMENTS,
  simdScan,
  type WeightScan,
  weightScan,
} from '../../src/layers/weight-scan.ts';
import fc from '../support/fast-check.ts';
import { withoutWebAssembly } from '../support/without-web-assembly.ts';

const SCANS: readonly (readonly [string, WeightScan | undefined])[] = [
  ['with SIMD', simdScan()],
  ['plain', plainScan()],
];
const LARGEST = 3.4028234663852886e38;
const finite = fc.oneof(
  fc.constantFrom(0, -0, 1e-45, LARGEST, -LARGEST),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
);
const selected = fc.oneof(fc.constantFrom(0, -0, 1, 1e-45, Number.NaN, Number.POSITIVE_INFINITY), fc.float());
const pairs = fc.oneof(
  fc.array(fc.tuple(finite, selected), { maxLength: 80 }),
  fc
    .array(fc.tuple(finite, selected), { minLength: 1, maxLength: 9 })
    .map((few) => filled(few, SCAN_ELEMENTS)),
  fc
    .array(fc.tuple(finite, selected), { minLength: 1, maxLength: 9 })
    .map((few) => filled(few, SCAN_ELEMENTS - 3)),
);

for (const [name, scan] of SCANS) {
  test(`${name}: places are those where the selector is not 0`, () => {
    assert.ok(scan, 'this runtime has WebAssembly');
    fc.assert(
      fc.property(pairs, fc.nat(3), (pairs, offset) => {
        const weights = view(
          pairs.map(([weight]) => weight),
          offset,
        );
        const selector = view(
          pairs.map(([, value]) => value),
          0,
        );
        const expected = [...selector.keys()].filter((place) => selector[place] !== 0);
        assert.deepEqual([...scan(weights, selector)!], expected);
      }),
    );
  });

  test(`${name}: a weight that is not finite is found wherever it is, selected or not`, () => {
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.nat(),
        bad,
        fc.constantFrom(0, 1),
        (length, at, bad, value) => {
          const weights = new Float32Array(length).fill(LARGEST);
          const selector = new Float32Array(length).fill(value);
          assert.ok(scan!(weights, selector));
          weights[at % length] = bad;
          assert.equal(scan!(weights, selector), undefined);
          // What an earlier scan met is forgotten.
          assert.ok(scan!(new Float32Array(1), selector.subarray(0, 1)));
        },
      ),
    );
  });
}

test('without WebAssembly there is a plain scan', () => {
  assert.equal(withoutWebAssembly(simdScan), undefined);
  assert.deepEqual([...weightScan()(Float32Array.of(1, 2), Float32Array.of(0, 1))!], [1]);
});

function filled<T>(few: readonly T[], length: number): T[] {
  return Array.from({ length }, (_, i) => few[i % few.length]);
}

function view(values: readonly number[], offset: number): Float32Array {
  const whole = new Float32Array(values.length + offset);
  whole.set(values, offset);
  return whole.subarray(offset);
}
