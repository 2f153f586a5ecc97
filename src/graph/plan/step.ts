import type { Grid } from '../../wgsl/kernel.ts';
import type { Pipeline } from '../device/pipeline.ts';

/** One dispatch, ready. */
export interface Step {
  readonly pipeline: Pipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Grid;
}

/** Adds dispatches to a pass, `times` over. */
export function encodeSteps(pass: GPUComputePassEncoder, steps: readonly Step[], times: number): void {
  for (let time = 0; time < times; time++) {
    for (const { pipeline, bindGroup, grid } of steps) {
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
    }
  }
}
