import { type Kernel, kernel } from './kernel.ts';
import { eachElement } from './linear-grid.ts';

/*
 * Radix selection of a magnitude, in steps that the host chains (src/graph/magnitude-rank.ts): the bit
 * pattern of |w| without its sign sorts as |w| does, so its leading 16 bits are ranked first, then the other
 * 16 of those that share the leading ones.
 *
 *     counts[digit of |w_i|] += 1                            over all i, or those whose leading bits are state[0]
 *     mask[i] = 1 if bits of |w_i| ≥ state[1], else 0
 *
 * Weights are bound as bit patterns, since devices may take subnormal floats for 0. All tensors are
 * contiguous.
 */

/** Values of a digit. */
export const DIGIT_VALUES = 2 ** 16;

const STATE = { name: 'state', element: 'u32', access: 'read' } as const;
const WEIGHTS = { name: 'weights', element: 'u32', access: 'read' } as const;
const MAGNITUDE = 'let magnitude = weights[i] & 0x7fffffffu;';

/** Counts the leading digits, or the trailing ones of magnitudes that begin with the digit in `state[0]`. */
export function digitCountKernel(digit: 'leading' | 'trailing'): Kernel {
  const count =
    digit === 'leading'
      ? 'atomicAdd(&counts[magnitude >> 16u], 1u);'
      : 'if (magnitude >> 16u == state[0]) { atomicAdd(&counts[magnitude & 0xffffu], 1u); }';
  return kernel({
    name: `count ${digit} digits`,
    parameters: [{ name: 'count', type: 'u32' }],
    bindings: [
      WEIGHTS,
      ...(digit === 'leading' ? [] : [STATE]),
      { name: 'counts', element: 'atomic<u32>', access: 'read_write' },
    ],
    body: eachElement('params.count', `  ${MAGNITUDE}\n  ${count}`),
  });
}

/** The mask of magnitudes from the bit pattern in `state[1]` on. */
export const MAGNITUDE_MASK: Kernel = kernel({
  name: 'magnitude mask',
  parameters: [{ name: 'count', type: 'u32' }],
  bindings: [WEIGHTS, STATE, { name: 'mask', element: 'f32', access: 'read_write' }],
  body: eachElement('params.count', `  ${MAGNITUDE}\n  mask[i] = f32(magnitude >= state[1]);`),
});
