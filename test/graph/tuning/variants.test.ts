import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attentionLanes,
  attentionStepLanes,
  columnAlignment,
  layerNormVariant,
  rankLanes,
  sampledProductLanes,
} from '../../../src/graph/tuning/variants.ts';
import { attentionStepTogetherMemory } from '../../../src/wgsl/attention-step-together.ts';
import { beamStepMemory } from '../../../src/wgsl/beam-step.ts';
import { embeddingGrid } from '../../../src/wgsl/embedding.ts';
import { normalisePicturesGrid } from '../../../src/wgsl/normalise-pictures.ts';
import { chunkRows } from '../../../src/wgsl/rank-columns.ts';
import { sampledProductMemory } from '../../../src/wgsl/sampled-product.ts';
import { DEVICE_CLASSES } from '../../support/device-class.ts';
import fc from '../../support/fast-check.ts';

/** What every WebGPU device allows. */
const MOST_INVOCATIONS = 256;
const WORKGROUP_MEMORY = 16_384;

const deviceClass = fc.constantFrom(...DEVICE_CLASSES);

test('the workgroups of softmaxes fit every device, with what their lanes share', () => {
  fc.assert(
    fc.property(
      deviceClass,
      fc.integer({ min: 1, max: 5000 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 256 }),
      (deviceClass, queries, fewQueries, headSize) => {
        const { tile, ...attending } = attentionLanes(deviceClass, { queries, fewQueries, headSize });
        assert.ok(Number.isInteger(tile) && tile >= 1 && (tile === 1 || attending.lanes === 1));
        const { lanes, columns } = attending;
        assert.ok(Number.isInteger(lanes) && lanes >= 1);
        assert.ok(lanes * columns <= MOST_INVOCATIONS);
        const shared = lanes === 1 ? 0 : lanes * columns * (2 + Math.ceil(headSize / 4) * 4) * 4;
        assert.ok(shared <= WORKGROUP_MEMORY);
      },
    ),
  );
});

test('so do those of sampled products, whose lanes add up in pairs', () => {
  for (const deviceClass of DEVICE_CLASSES) {
    const variant = { ...sampledProductLanes(deviceClass), packedColumns: true };
    const { lanesN, lanesE, lanesM } = variant;
    assert.ok(lanesN * lanesE * lanesM <= MOST_INVOCATIONS && Number.isInteger(Math.log2(lanesN)));
    assert.ok(sampledProductMemory(variant) <= WORKGROUP_MEMORY);
  }
});

test('so do those of the attention of a step, whatever the size of a head', () => {
  fc.assert(
    fc.property(deviceClass, fc.integer({ min: 1, max: 5000 }), (deviceClass, headSize) => {
      const lanes = attentionStepLanes(deviceClass, headSize);
      if (!lanes.together) return;
      const variant = { hidden: headSize, headSize, beam: 4, ...lanes };
      assert.ok(lanes.lanes <= MOST_INVOCATIONS && lanes.lanes % 4 === 0);
      assert.ok(attentionStepTogetherMemory(variant) <= WORKGROUP_MEMORY);
    }),
  );
});

test('so do the workgroups of layer norm, and of the choice of tokens', () => {
  fc.assert(
    fc.property(
      deviceClass,
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 64 }),
      (deviceClass, columns4, rows, beam) => {
        const { parts, columns } = layerNormVariant(deviceClass, rows, columns4);
        assert.ok(parts * columns * 16 <= WORKGROUP_MEMORY && parts * columns <= MOST_INVOCATIONS);
        const lanes = rankLanes(deviceClass, beam);
        assert.ok(Object.values(lanes).every((count) => Number.isInteger(count) && count >= 1));
        assert.ok(lanes.lanes * lanes.abreast <= MOST_INVOCATIONS);
        assert.ok(beamStepMemory({ beam, ...lanes, chunkRows: chunkRows(rows) }) <= WORKGROUP_MEMORY);
      },
    ),
  );
});

test('grids over pixels and embedded columns stay within what every device allows, however many there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000_000 }), (count) => {
      for (const [grid, lanes] of [
        [normalisePicturesGrid(count), 64],
        [embeddingGrid(count), 1],
      ] as const) {
        assert.ok(grid.every((extent) => extent >= 1 && extent <= 65_535));
        assert.ok(grid[0] * grid[1] * grid[2] * lanes >= count);
      }
    }),
  );
});

test('columns are aligned to multiples of 4, at little cost', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (columns) => {
      const alignment = columnAlignment(columns);
      assert.equal(alignment % 4, 0);
      assert.ok(Math.ceil(columns / alignment) * alignment <= columns * 1.25 + 3);
    }),
  );
});
