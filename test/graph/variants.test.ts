import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  attentionLanes,
  attentionStepLanes,
  columnAlignment,
  denseConvolutionTiling,
  layerNormLanes,
  matmulTiling,
  sparseConvolutionTiling,
  spmmTiling,
} from '../../src/graph/variants.ts';
import { denseConvolutionGrid } from '../../src/wgsl/dense-convolution.ts';
import { sparseConvolutionGrid } from '../../src/wgsl/sparse-convolution.ts';
import { DEVICE_CLASSES } from '../support/device-class.ts';

/** What every WebGPU device allows. */
const MOST_INVOCATIONS = 256;
const WORKGROUP_MEMORY = 16_384;
const MOST_WORKGROUPS = 65_535;
/** Of what the first convolution of a ResNet gives for 64 pictures. */
const MOST_PIXELS = 64 * 112 * 112;

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

test('the workgroups of convolutions fit every device, and so does their number', () => {
  const pixels = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(MOST_PIXELS - 1, MOST_PIXELS));
  fc.assert(
    fc.property(deviceClass, pixels, fc.integer({ min: 1, max: 8192 }), (deviceClass, pixels, filters) => {
      const sparse = sparseConvolutionTiling(deviceClass, pixels);
      const dense = denseConvolutionTiling(deviceClass, pixels);
      for (const counts of [sparse, dense].map(({ deal: _, ...rest }) => Object.values(rest))) {
        assert.ok(counts.every((count) => Number.isInteger(count) && count >= 1));
      }
      for (const { lanesN, lanesM } of [sparse, dense]) assert.ok(lanesN * lanesM <= MOST_INVOCATIONS);
      for (const grid of [
        sparseConvolutionGrid(sparse, filters, pixels),
        denseConvolutionGrid(dense, filters, pixels),
      ]) {
        assert.ok(grid.every((count) => count >= 1 && count <= MOST_WORKGROUPS));
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
