import { DisposedError } from '../errors.ts';
import type { Grid, Kernel } from '../wgsl/kernel.ts';
import { layOut } from './arena.ts';
import { BufferUsage } from './buffer-usage.ts';
import type { Gpu } from './gpu.ts';
import { type GraphNode, isDeviceTensor } from './node.ts';
import { pipelineFor } from './pipeline.ts';
import { Scope } from './scope.ts';

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
  const arena = layOut(nodes);
  const scope = new Scope(gpu);
  const buffers = arena.sizes.map((bytes, slot) => scope.tensor(`${name} arena ${slot}`, [bytes / 4]));
  const uniforms = uploadParameters(gpu, name, nodes);
  const steps = nodes.map((node, index): Step => {
    const { pipeline, layout } = pipelines[index];
    const storage = node.tensors.map((tensor, binding) => ({
      binding: binding + 1,
      resource: {
        buffer: isDeviceTensor(tensor) ? tensor.buffer : buffers[arena.placement.get(tensor)!].buffer,
      },
    }));
    const entries = node.kernel.parameters.length === 0 ? storage : [uniforms.entry(index), ...storage];
    return {
      pipeline,
      bindGroup: gpu.device.createBindGroup({ label: node.kernel.name, layout, entries }),
      grid: node.grid,
    };
  });

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
    uniforms.buffer.destroy();
  };
  return {
    name,
    arenaBytes: scope.byteLength,
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

/** All parameters of a plan in one uniform buffer, each dispatch with an aligned part of it. */
function uploadParameters(gpu: Gpu, name: string, nodes: readonly GraphNode[]) {
  const words = nodes.map(({ kernel }) => kernel.parameters.length);
  const stride = Math.max(gpu.limits.minUniformBufferOffsetAlignment, 16);
  const parts = new Map<number, number>();
  let bytes = 0;
  words.forEach((count, index) => {
    if (count === 0) return;
    parts.set(index, bytes);
    bytes += Math.ceil((count * 4) / stride) * stride;
  });
  const data = new DataView(new ArrayBuffer(Math.max(bytes, 16)));
  for (const [index, offset] of parts) pack(data, offset, nodes[index].kernel, nodes[index].parameters);
  const usage = BufferUsage.UNIFORM | BufferUsage.COPY_DST;
  const buffer = gpu.createBuffer(`${name} parameters`, data.byteLength, usage);
  gpu.device.queue.writeBuffer(buffer, 0, new Uint8Array(data.buffer));
  return {
    buffer,
    entry: (index: number): GPUBindGroupEntry => ({
      binding: 0,
      resource: { buffer, offset: parts.get(index)!, size: words[index] * 4 },
    }),
  };
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
