import { DisposedError } from '../errors.ts';
import type { Grid, Kernel } from '../wgsl/kernel.ts';
import { layOut } from './arena.ts';
import type { Gpu } from './gpu.ts';
import { type GraphNode, isDeviceTensor } from './node.ts';
import { type Pipeline, pipelineFor } from './pipeline.ts';
import { inScope, type Scope } from './scope.ts';

/** A graph made ready to run: pipelines, bind groups and the buffers of its transient tensors. */
export interface Plan extends Disposable {
  readonly name: string;
  /** Bytes of the buffers that transient tensors share. */
  readonly arenaBytes: number;
  /** Dispatches of one run. */
  readonly dispatches: number;
  /** Names of the kernels, in order. */
  readonly kernels: readonly string[];
  /**
   * Adds all dispatches to a pass, `times` over.
   * @throws {DisposedError} after the plan, or the owner of a tensor it uses, was disposed.
   */
  encode(pass: GPUComputePassEncoder, times?: number): void;
  /** Encodes one pass with all dispatches, `times` over, and submits it. @throws {DisposedError} as `encode`. */
  run(times?: number): void;
  dispose(): void;
}

/** One dispatch, ready. */
interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Grid;
}

/** @internal `Graph.plan` calls this. */
export async function buildPlan(gpu: Gpu, name: string, nodes: readonly GraphNode[]): Promise<Plan> {
  const pipelines = await Promise.all(nodes.map(({ kernel }) => pipelineFor(gpu, kernel)));
  const { scope, steps, arenaBytes } = inScope(gpu, (scope) => assemble(scope, name, nodes, pipelines));
  const borrowed = new Set(nodes.flatMap(({ tensors }) => tensors.filter(isDeviceTensor)));
  let disposed = false;
  const encode = (pass: GPUComputePassEncoder, times = 1): void => {
    if (disposed) throw new DisposedError(`The plan "${name}" was used after it was disposed.`);
    // Bind groups hold on to destroyed buffers; the device would only complain later, and without the tensor's name.
    for (const tensor of borrowed) void tensor.buffer;
    for (let time = 0; time < times; time++) {
      for (const { pipeline, bindGroup, grid } of steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...grid);
      }
    }
  };
  const dispose = (): void => {
    disposed = true;
    scope.dispose();
  };
  return {
    name,
    arenaBytes,
    dispatches: steps.length,
    kernels: nodes.map(({ kernel }) => kernel.name),
    encode,
    run(times = 1) {
      const { device } = gpu;
      const encoder = device.createCommandEncoder({ label: name });
      const pass = encoder.beginComputePass({ label: name });
      encode(pass, times);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Allocates the buffers of a plan in `scope` and binds them. */
function assemble(
  scope: Scope,
  name: string,
  nodes: readonly GraphNode[],
  pipelines: readonly Pipeline[],
): { scope: Scope; steps: Step[]; arenaBytes: number } {
  const arena = layOut(nodes);
  const buffers = arena.sizes.map((bytes, slot) => scope.tensor(`${name} arena ${slot}`, [bytes / 4]));
  const arenaBytes = scope.byteLength;
  const parameters = uploadParameters(scope, name, nodes);
  const steps = nodes.map(({ kernel, tensors, grid }, index) => {
    const { pipeline, layout } = pipelines[index];
    const storage = tensors.map((tensor, binding) => ({
      binding: binding + 1,
      resource: {
        buffer: isDeviceTensor(tensor) ? tensor.buffer : buffers[arena.placement.get(tensor)!].buffer,
      },
    }));
    const entries = kernel.parameters.length === 0 ? storage : [parameters(index), ...storage];
    return {
      pipeline,
      bindGroup: scope.gpu.device.createBindGroup({ label: kernel.name, layout, entries }),
      grid,
    };
  });
  return { scope, steps, arenaBytes };
}

/**
 * Uploads all parameters of a plan as one uniform buffer, each dispatch with an aligned part of it.
 * @returns the bind group entry of a dispatch
 */
function uploadParameters(
  scope: Scope,
  name: string,
  nodes: readonly GraphNode[],
): (index: number) => GPUBindGroupEntry {
  const alignment = Math.max(scope.gpu.limits.minUniformBufferOffsetAlignment, 16);
  const bytes = nodes.map(({ kernel }) => kernel.parameters.length * 4);
  const offsets: number[] = [];
  let end = 0;
  for (const size of bytes) {
    offsets.push(end);
    end += Math.ceil(size / alignment) * alignment;
  }
  const data = new DataView(new ArrayBuffer(end));
  nodes.forEach(({ kernel, parameters }, index) => {
    pack(data, offsets[index], kernel, parameters);
  });
  const { buffer } = scope.upload(`${name} parameters`, [end / 4], new Uint32Array(data.buffer));
  return (index) => ({ binding: 0, resource: { buffer, offset: offsets[index], size: bytes[index] } });
}

function pack(
  data: DataView,
  offset: number,
  kernel: Kernel,
  values: Readonly<Record<string, number>>,
): void {
  kernel.parameters.forEach(({ name, type }, index) => {
    if (type === 'u32') data.setUint32(offset + index * 4, values[name], true);
    else data.setFloat32(offset + index * 4, values[name], true);
  });
}
