import { test } from 'node:test';
import { readFloats, Scope, write } from '../../src/graph/device/scope.ts';
import { attentionStep } from '../../src/graph/operations/operations.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { Control } from '../../src/wgsl/search-control.ts';
import { headVectors } from '../../src/wgsl/step-cache.ts';
import { assertWithin } from '../support/accuracy.ts';
import { kept } from '../support/compute.ts';
import { DEVICE_CLASSES, type DeviceClass, gpuAs } from '../support/device-class.ts';
import fc from '../support/fast-check.ts';
import { featuresOf } from '../support/feature-major.ts';
import { attentionOracle } from '../support/oracles.ts';
import { holds } from '../support/property.ts';
import { below, floats, randomFrom } from '../support/random.ts';

/** Decoding steps in which hypotheses change places. */
interface StepsCase {
  readonly headSize: number;
  readonly heads: number;
  readonly sentences: number;
  /** 1: nothing changes places. */
  readonly beam: number;
  readonly steps: number;
  readonly seed: number;
}

/** What one head of one hypothesis remembers. */
type Cache = { readonly keys: Float32Array[]; readonly values: Float32Array[] };

/** Follows the device step by step with caches that are copied whole from parent to child. */
async function check(given: StepsCase, deviceClass: DeviceClass): Promise<void> {
  const { headSize, heads, sentences, beam, steps, seed } = given;
  const random = randomFrom(seed);
  const gpu = await gpuAs(deviceClass);
  using scope = new Scope(gpu);
  const hidden = heads * headSize;
  const hypotheses = sentences * beam;
  const columns = Math.ceil(hypotheses / 4) * 4;
  const cacheShape = [steps, hypotheses, heads, 4 * headVectors(headSize)];
  const projected = scope.tensor('projected', [3 * hidden, columns]);
  const control = scope.tensor('control', [Control.words]);
  const lineage = scope.tensor('lineage', [steps, hypotheses]);

  const attending = new Graph(gpu, 'attending');
  const attended = attentionStep(
    attending,
    { hidden, headSize, hypotheses, beam },
    {
      projected,
      control,
      lineage: beam === 1 ? undefined : lineage,
      keyCache: scope.tensor('key cache', cacheShape),
      valueCache: scope.tensor('value cache', cacheShape),
    },
  );
  const output = kept(attending, scope, attended);
  using attend = await attending.plan();

  let caches = Array.from({ length: hypotheses }, () =>
    Array.from({ length: heads }, (): Cache => ({ keys: [], values: [] })),
  );
  /** Of every hypothesis, the slots that it came along. */
  let paths = caches.map((): number[] => []);
  for (let step = 0; step < steps; step++) {
    const now = { columns, data: floats(random, 3 * hidden * columns, 2) };
    write(gpu, projected, now.data);
    write(gpu, control, Uint32Array.of(step));
    attend.run();
    const got = { columns, data: await readFloats(gpu, output, hidden * columns) };
    for (let column = 0; column < hypotheses; column++) {
      for (let head = 0; head < heads; head++) {
        const part = (row: number) => featuresOf(now, column, row + head * headSize, headSize);
        const { keys, values } = caches[column][head];
        keys.push(part(hidden));
        values.push(part(2 * hidden));
        const unmasked = new Float32Array(keys.length);
        const expected = attentionOracle(part(0), keys, values, unmasked, headSize ** -0.5);
        const place = `step ${step}, hypothesis ${column}, head ${head}`;
        assertWithin(featuresOf(got, column, head * headSize, headSize), expected, place);
      }
    }
    const parents = caches.map((_, column) => column - (column % beam) + below(random, beam));
    caches = parents.map((parent) =>
      caches[parent].map(({ keys, values }) => ({ keys: [...keys], values: [...values] })),
    );
    paths = parents.map((parent) => [...paths[parent], parent % beam]);
    const ancestors = Array.from({ length: step + 1 }, (_, position) =>
      paths.map((path) => path[position] << 16),
    );
    write(gpu, lineage, Uint32Array.from(ancestors.flat()));
  }
}

for (const deviceClass of DEVICE_CLASSES) {
  for (const [headSize, heads, beam] of [
    [1, 3, 4],
    [3, 2, 1],
    [8, 2, 3],
    [64, 1, 2],
  ]) {
    test(`cached attention of ${headSize} features, beam ${beam}, on a ${deviceClass}, remembers as if caches were copied`, async () => {
      const given = fc.record({
        ...{ headSize: fc.constant(headSize), heads: fc.constant(heads), beam: fc.constant(beam) },
        sentences: fc.integer({ min: 1, max: 3 }),
        // More than a workgroup of a GPU has lanes, too.
        steps: fc.integer({ min: 1, max: deviceClass === 'gpu' ? 40 : 9 }),
        seed: fc.nat(),
      });
      await holds(
        fc.asyncProperty(given, (steps) => check(steps, deviceClass)),
        3,
      );
    });
  }
}
