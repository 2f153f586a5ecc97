import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValuePrecision } from '../../src/graph/weights/half-precision.ts';
import { assertWithin } from '../support/accuracy.ts';
import {
  type ConvolutionCase,
  convolutionCase,
  convolutionOracle,
  deepConvolutionCase,
} from '../support/convolutions.ts';
import { residualOf } from '../support/convolve-with.ts';
import fc from '../support/fast-check.ts';
import { nearestHalf } from '../support/halves.ts';
import { holds } from '../support/property.ts';

/** A kernel of convolutions in its variants. */
export interface ConvolutionKernel<Tiling> {
  readonly name: string;
  /** Those that sum in the same blocks and order. */
  readonly alike: readonly [Tiling, ...Tiling[]];
  readonly others: readonly Tiling[];
  convolve(one: ConvolutionCase, tiling: Tiling, values: ValuePrecision): Promise<Float32Array>;
}

/** Those that are no product. */
const isConvolution = ({ window }: ConvolutionCase) => window.size > 1 || window.stride > 1;

/** Tests what every kernel of convolutions has to hold. */
export function testConvolutions<Tiling>({ name, alike, others, convolve }: ConvolutionKernel<Tiling>): void {
  const tiling = fc.constantFrom(...others, ...alike);
  const isDirect = async (one: ConvolutionCase, tiling: Tiling) =>
    assertWithin(await convolve(one, tiling, 'f32'), convolutionOracle(one, residualOf(one)), 'y');

  test(`the ${name} convolution is the direct one, to the rounding of a sum`, async () => {
    await holds(fc.asyncProperty(convolutionCase.filter(isConvolution), tiling, isDirect), 100);
  });

  test('taps with more terms than a block are summed too', async () => {
    await holds(fc.asyncProperty(deepConvolutionCase, tiling, isDirect), 30);
  });

  test('values of 16 bits are multiplied as the nearest they stand for', async () => {
    await holds(
      fc.asyncProperty(deepConvolutionCase, tiling, async (one, tiling) => {
        const expected = convolutionOracle({ ...one, a: one.a.map(nearestHalf) }, residualOf(one));
        assertWithin(await convolve(one, tiling, 'f16'), expected, 'y');
      }),
      20,
    );
  });

  test('variants that sum in the same blocks give the same bits, and so does every run', async () => {
    await holds(
      fc.asyncProperty(deepConvolutionCase, async (one) => {
        const expected = await convolve(one, alike[0], 'f32');
        for (const tiling of alike) {
          assert.deepEqual(await convolve(one, tiling, 'f32'), expected, JSON.stringify(tiling));
        }
      }),
      5,
    );
  });
}
