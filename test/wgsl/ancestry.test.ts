import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords, Scope, write } from '../../src/graph/device/scope.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { ancestryGrid, ancestryKernel } from '../../src/wgsl/ancestry.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { holds } from '../support/property.ts';
import { below, randomFrom } from '../support/random.ts';

test('after any steps, the ancestry of a hypothesis is the path of slots it came along', async () => {
  const given = fc.record({
    beam: fc.constantFrom(1, 2, 4),
    lanes: fc.constantFrom(1, 4),
    sentences: fc.integer({ min: 1, max: 5 }),
    steps: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat(),
  });
  await holds(
    fc.asyncProperty(given, async ({ beam, lanes, sentences, steps, seed }) => {
      const random = randomFrom(seed);
      const gpu = await testGpu();
      using scope = new Scope(gpu);
      const hypotheses = sentences * beam;
      const parents = new Uint32Array(steps * hypotheses).map(() => below(random, beam));
      const control = scope.tensor('control', [4]);
      const ancestry = scope.tensor('ancestry', [steps, hypotheses]);
      const graph = new Graph(gpu, 'ancestry');
      graph.dispatch(
        ancestryKernel({ beam, lanes }),
        ancestryGrid(sentences),
        { sentences },
        { control, parents: scope.upload('parents', [steps, hypotheses], parents), ancestry },
      );
      using plan = await graph.plan();

      let paths = Array.from({ length: hypotheses }, (): number[] => []);
      for (let step = 0; step < steps; step++) {
        write(gpu, control, Uint32Array.of(step + 1));
        plan.run();
        paths = paths.map((_, slot) => {
          const parent = parents[step * hypotheses + slot];
          return [...paths[slot - (slot % beam) + parent], parent];
        });
      }

      const got = await readWords(gpu, ancestry, steps * hypotheses);
      paths.forEach((path, slot) => {
        assert.deepEqual(
          path.map((_, position) => got[position * hypotheses + slot]),
          path,
          `slot ${slot}`,
        );
      });
    }),
    15,
  );
});
