import type { Kernel } from '../../wgsl/kernel.ts';
import type { Pipeline } from '../device/pipeline.ts';
import { elements, type Scope } from '../device/scope.ts';
import { layOut } from './arena.ts';
import { type GraphNode, isDeviceTensor, type TransientTensor } from './node.ts';

/** The buffers of a plan. */
export interface PlanMemory {
  /** Bytes of the buffers that transient tensors share. */
  readonly arenaBytes: number;
  /** Where the values of a tensor lie after a run; nowhere where others have taken its place by then. */
  bufferAfterRun(tensor: TransientTensor): GPUBuffer | undefined;
  /** Binds the tensors and parameters of a dispatch to a kernel that can do it. */
  bind(index: number, pipeline: Pipeline): GPUBindGroup;
  /**
   * Binds as `bind`, before the plan's first run: where the dispatch would write a tensor that outlives the plan, a scratch
   * one that belongs to `trial` takes its place.
   */
  binderForTrial(index: number, trial: Scope): (pipeline: Pipeline) => GPUBindGroup;
}

/** Allocates in `scope` what the dispatches of a plan need. */
export function allocateMemory(
  scope: Scope,
  name: string,
  nodes: readonly GraphNode[],
  kept: ReadonlySet<TransientTensor>,
): PlanMemory {
  const { device } = scope.gpu;
  const arena = layOut(nodes, kept);
  const buffers = arena.sizes.map((bytes, slot) => scope.tensor(`${name} arena ${slot}`, [bytes / 4]));
  const arenaBytes = scope.byteLength;
  const parameters = uploadParameters(scope, name, nodes);
  const buffersOf = ({ tensors }: GraphNode): GPUBuffer[] =>
    tensors.map((tensor) =>
      isDeviceTensor(tensor) ? tensor.buffer : buffers[arena.placement.get(tensor)!].buffer,
    );
  const bindTo = (index: number, { layout }: Pipeline, storage: readonly GPUBuffer[]): GPUBindGroup => {
    const { kernel } = nodes[index];
    const bound = storage.map((buffer, position) => ({ binding: position + 1, resource: { buffer } }));
    const entries = kernel.parameters.length === 0 ? bound : [parameters(index), ...bound];
    return device.createBindGroup({ label: kernel.name, layout, entries });
  };
  return {
    arenaBytes,
    bufferAfterRun: (tensor) =>
      arena.results.has(tensor) ? buffers[arena.placement.get(tensor)!].buffer : undefined,
    bind: (index, pipeline) => bindTo(index, pipeline, buffersOf(nodes[index])),
    binderForTrial(index, trial) {
      const { kernel, tensors } = nodes[index];
      const storage = buffersOf(nodes[index]).map((buffer, position) => {
        const tensor = tensors[position];
        const isOutput = isDeviceTensor(tensor) && kernel.bindings[position].access === 'read_write';
        return isOutput ? trial.tensor(`${tensor.name}, trial`, [elements(tensor)]).buffer : buffer;
      });
      return (pipeline) => bindTo(index, pipeline, storage);
    },
  };
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
