import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expFunction, LOG_FUNCTION } from '../../src/wgsl/elementary.ts';
import { kernel } from '../../src/wgsl/kernel.ts';
import { unitsInLastPlace } from '../support/accuracy.ts';
import { asFloats, compute, drained, sink } from '../support/compute.ts';
import { testGpu } from '../support/gpu.ts';
import { randomFrom } from '../support/random.ts';

const COUNT = 1 << 15;
const MOST_UNITS = 2;

/** A WGSL function of one number, or of one vector of them, at every element of `x`. */
async function evaluate(
  definition: string,
  call: string,
  type: 'f32' | 'vec4f',
  x: Float32Array,
): Promise<Float32Array> {
  const { y } = await compute(await testGpu(), (graph, scope) => {
    const y = sink(scope, [x.length]);
    graph.dispatch(
      kernel({
        name: `${call} of ${type}`,
        parameters: [],
        bindings: [
          { name: 'x', element: type, access: 'read' },
          { name: 'y', element: type, access: 'read_write' },
        ],
        body: /* wgsl */ `${definition}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = ${call}(x[id.x]); }`,
      }),
      [x.length / (type === 'f32' ? 64 : 256), 1, 1],
      {},
      { x: scope.upload('x', [x.length], x), y },
    );
    return { y };
  });
  return drained(y, x.length);
}

function assertAccurate(x: Float32Array, y: Float32Array, exact: (x: number) => number): void {
  x.forEach((at, i) => {
    const units = unitsInLastPlace(y[i], exact(at));
    assert.ok(units <= MOST_UNITS, `at ${at}: ${y[i]}, expected ${exact(at)}; ${units} units off`);
  });
}

/** From −87 to 0, evenly and ever closer to 0, with both ends. */
function exponents(): Float32Array {
  const random = randomFrom(1);
  const x = Float32Array.from({ length: COUNT }, (_, i) =>
    i % 2 === 0 ? -87 * random() : -(2 ** (6 - 40 * random())),
  );
  x.set([0, -87]);
  return x;
}

for (const type of ['f32', 'vec4f'] as const) {
  test(`exact_exp of ${type} is off by at most ${MOST_UNITS} units in the last place`, async () => {
    const x = exponents();
    const y = await evaluate(expFunction(type), 'exact_exp', type, x);
    assertAccurate(x, y, Math.exp);
    assert.equal(y[0], 1);
  });

  test(`exact_exp of ${type} is 0 below its range, down to the lowest number`, async () => {
    const x = new Float32Array(256).map((_, i) => -87.00001 * 1.5 ** i);
    const finite = x.map((value) => Math.max(value, -3.4e38));
    assert.ok((await evaluate(expFunction(type), 'exact_exp', type, finite)).every((value) => value === 0));
  });
}

test(`exact_log is off by at most ${MOST_UNITS} units in the last place, also near 1`, async () => {
  const random = randomFrom(2);
  const bits = Uint32Array.from({ length: COUNT }, (_, i) =>
    // Neighbours of 1 on either side; 1e-30 … 1e30 by exponent.
    i % 2 === 0 ? 0x3f800000 + i - COUNT / 2 : (27 + 200 * random()) * 2 ** 23,
  );
  const x = asFloats(bits);
  const y = await evaluate(LOG_FUNCTION, 'exact_log', 'f32', x);
  assertAccurate(x, y, Math.log);
  assert.equal(y[x.indexOf(1)], 0);
});
