import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords, Scope, write } from '../../src/graph/device/scope.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { kernel } from '../../src/wgsl/kernel.ts';
import { followBeams, parentIn } from '../../src/wgsl/lineage.ts';
import fc from '../support/fast-check.ts';
import { testGpu } from '../support/gpu.ts';
import { holds } from '../support/property.ts';
import { below, randomFrom } from '../support/random.ts';

/** Follows the beams of one step, whose parents are given. */
function follower(beam: number, lanes: number) {
  return kernel({
    name: `follow ${beam}`,
    parameters: [{ name: 'sentences', type: 'u32' }],
    bindings: [
      { name: 'step_done', element: 'u32', access: 'read' },
      { name: 'given', element: 'u32', access: 'read' },
      { name: 'lineage', element: 'u32', access: 'read_write' },
    ],
    body: /* wgsl */ `
var<workgroup> parents: array<u32, ${beam}>;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let step = step_done[0];
  let hypotheses = params.sentences * ${beam}u;
  let base = group.x * ${beam}u;
  for (var slot = index; slot < ${beam}u; slot += ${lanes}u) { parents[slot] = given[step * hypotheses + base + slot]; }
  workgroupBarrier();
${followBeams('parents', beam, 'index', lanes)}
}`,
  });
}

test('after any steps, the ancestors of a hypothesis are the path of slots it came along, and parents stay', async () => {
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
      const step_done = scope.tensor('step', [1]);
      const lineage = scope.tensor('lineage', [steps, hypotheses]);
      const graph = new Graph(gpu, 'lineage');
      graph.dispatch(
        follower(beam, lanes),
        [sentences, 1, 1],
        { sentences },
        { step_done, given: scope.upload('parents', [steps, hypotheses], parents), lineage },
      );
      using plan = await graph.plan();

      let paths = Array.from({ length: hypotheses }, (): number[] => []);
      for (let step = 0; step < steps; step++) {
        write(gpu, step_done, Uint32Array.of(step));
        plan.run();
        paths = paths.map((_, slot) => {
          const parent = parents[step * hypotheses + slot];
          return [...paths[slot - (slot % beam) + parent], parent];
        });
      }

      const words = await readWords(gpu, lineage, steps * hypotheses);
      assert.deepEqual(words.map(parentIn), parents);
      paths.forEach((path, slot) => {
        assert.deepEqual(
          path.map((_, position) => words[position * hypotheses + slot] >>> 16),
          path,
          `slot ${slot}`,
        );
      });
    }),
    15,
  );
});
