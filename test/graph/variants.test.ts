import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  attentionLanes,
  attentionStepLanes,
  columnAlignment,
  layerNormLanes,
  matmulTiling,
  spmmTiling,
} from '../../src/graph/variants.ts';
import { DEVICE_CLASSES } from '../support/device-class.ts';

/** What every WebGPU device allows. */
const MOST_INVOCATIONS = 256;
const WORKGROUP_MEMORY = 16_384;

const deviceClass = fc.constantFrom(...DEVICE_CLASSES);

test('the workgroups of products fit every device, and leave no lane without columns', () => {
  fc.assert(
    fc.property(deviceClass, fc.integer({ min: 1, max: 3000 }), (deviceClass, columns4) => {
      for (const tiling of [spmmTiling(deviceClass, columns4), matmulTiling(deviceClass, columns4)]) {
        const { lanesN, lanesM, vectors } = tiling;
        assert.ok([lanesN, lanesM, vectors].every((count) => Number.isInteger(count) && count >= 1));
        assert.ok(lanesN * lanesM <= MOST_INVOCATIONS);
        assert.ok(lanesN * vectors < 2 * columns4 || lanesN * vectors <= 8);
      }
    }),
  );
});

test('the workgroups of softmaxes fit every device, with what their lanes share', () => {
  fc.assert(
    fc.property(
      deviceClass,
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 256 }),
      (deviceClass, queries, headSize) => {
        for (const { lanes, columns } of [
          attentionLanes(deviceClass, queries, headSize),
          attentionStepLanes(deviceClass, headSize),
        ]) {
          assert.ok(Number.isInteger(lanes) && lanes >= 1);
          assert.ok(lanes * columns <= MOST_INVOCATIONS);
          const shared = lanes === 1 ? 0 : lanes * columns * (2 + Math.ceil(headSize / 4) * 4) * 4;
          assert.ok(shared <= WORKGROUP_MEMORY);
        }
        const { lanes, columns } = layerNormLanes(deviceClass);
        assert.ok(lanes * columns * 16 <= WORKGROUP_MEMORY && lanes * columns <= MOST_INVOCATIONS);
      },
    ),
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
