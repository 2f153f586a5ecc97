import { DeviceError, DisposedError, UsageError } from '../../base/errors.ts';
import type { Gpu } from '../device/gpu.ts';
import type { Candidate } from '../device/kernel-choice.ts';
import { type Pipeline, pipelineFor } from '../device/pipeline.ts';
import { elements, Scope } from '../device/scope.ts';
import { measureChoices } from './measure-choices.ts';
import { type GraphNode, type GraphTensor, isDeviceTensor, type TransientTensor } from './node.ts';
import { allocateMemory, type PlanMemory } from './plan-memory.ts';
import { encodeSteps, type Step } from './step.ts';

/** A graph made ready to run: pipelines, bind groups and the buffers of its transient tensors. */
export interface Plan extends Disposable {
  /** That of its graph. */
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
  /**
   * Adds one dispatch to a pass, to learn what each takes.
   * @param place of it, as in `kernels`
   * @throws {DisposedError} as `encode`.
   */
  encodeOne(pass: GPUComputePassEncoder, place: number): void;
  /** Encodes one pass with all dispatches, `times` over, and submits it. @throws {DisposedError} as `encode`. */
  run(times?: number): void;
  /**
   * Reads what the last run computed, in row-major order: a result, which no dispatch reads, what `Graph.keep` was told of, or a
   * tensor that outlives the plan.
   * @returns as many floats as the shape says
   * @throws {UsageError} for a tensor that is no such one.
   * @throws {DisposedError} as `encode`. {DeviceError} for what went wrong meanwhile, see `Gpu.check`.
   */
  read(tensor: GraphTensor): Promise<Float32Array>;
  /** Reads unsigned integers, otherwise as `read`. */
  readWords(tensor: GraphTensor): Promise<Uint32Array>;
  /** Frees its buffers; tensors that outlive it stay. */
  dispose(): void;
}

/** @internal `Graph.plan` calls this. */
export async function buildPlan(
  gpu: Gpu,
  name: string,
  nodes: readonly GraphNode[],
  kept: ReadonlySet<TransientTensor>,
): Promise<Plan> {
  const scope = new Scope(gpu);
  try {
    const memory = allocateMemory(scope, name, nodes, kept);
    await measureChoices(gpu, nodes, memory);
    const compiled = await Promise.all(nodes.map((node) => compileBest(gpu, node)));
    const steps = compiled.map(
      ({ pipeline, grid }, index): Step => ({ pipeline, bindGroup: memory.bind(index, pipeline), grid }),
    );
    const kernels = compiled.map(({ kernel }) => kernel.name);
    return runnable(scope, name, { nodes, steps, kernels, memory });
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/**
 * The kernel that is taken for a dispatch, compiled. Where the driver refuses one that could be done without, that is the best
 * of the others.
 */
async function compileBest(gpu: Gpu, node: GraphNode): Promise<Candidate & { pipeline: Pipeline }> {
  const { choice } = node;
  const candidate = choice ? gpu.tuning.best(choice) : node;
  const { kernel, grid } = candidate;
  // One that failed before is only chosen when all have. Like dispatches are compiled at once: it may fail for another meanwhile.
  const isLast = choice === undefined || gpu.tuning.hasFailed(choice, candidate);
  try {
    return { kernel, grid, pipeline: await pipelineFor(gpu, kernel) };
  } catch (error) {
    if (isLast || !(error instanceof DeviceError) || gpu.lost) throw error;
    gpu.tuning.keepFailure(choice, candidate);
    return compileBest(gpu, node);
  }
}

/** @param scope owns the memory of the steps. */
function runnable(
  scope: Scope,
  name: string,
  parts: { nodes: readonly GraphNode[]; steps: readonly Step[]; kernels: string[]; memory: PlanMemory },
): Plan {
  const { nodes, steps, kernels, memory } = parts;
  const borrowed = new Set(nodes.flatMap(({ tensors }) => tensors.filter(isDeviceTensor)));
  let disposed = false;
  const assertUsable = (): void => {
    if (disposed) throw new DisposedError(`The plan "${name}" was used after it was disposed.`);
  };
  const encodeThese = (pass: GPUComputePassEncoder, some: readonly Step[], times: number): void => {
    assertUsable();
    // Bind groups hold on to destroyed buffers; the device would only complain later, and without the tensor's name.
    for (const tensor of borrowed) void tensor.buffer;
    encodeSteps(pass, some, times);
  };
  const encode = (pass: GPUComputePassEncoder, times = 1): void => encodeThese(pass, steps, times);
  const bytesOf = async (tensor: GraphTensor): Promise<ArrayBuffer> => {
    assertUsable();
    const buffer = isDeviceTensor(tensor) ? tensor.buffer : memory.bufferAfterRun(tensor);
    if (buffer === undefined) throw notKept(name, tensor, nodes);
    return scope.gpu.read(buffer, 0, 4 * elements(tensor));
  };
  const dispose = (): void => {
    disposed = true;
    scope.dispose();
  };
  return {
    name,
    arenaBytes: memory.arenaBytes,
    dispatches: steps.length,
    kernels,
    encode,
    encodeOne: (pass, place) => encodeThese(pass, [steps[place]], 1),
    run(times = 1) {
      const { device } = scope.gpu;
      const encoder = device.createCommandEncoder({ label: name });
      const pass = encoder.beginComputePass({ label: name });
      encode(pass, times);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    async read(tensor) {
      return new Float32Array(await bytesOf(tensor));
    },
    async readWords(tensor) {
      return new Uint32Array(await bytesOf(tensor));
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function notKept(plan: string, tensor: GraphTensor, nodes: readonly GraphNode[]): UsageError {
  const known = nodes.some(({ tensors }) => tensors.includes(tensor));
  const reason = known
    ? 'its memory is used again within a run; tell graph.keep() of it before graph.plan()'
    : 'no dispatch of the plan names it';
  return new UsageError(`${plan}: ${tensor.name} [${tensor.shape.join(', ')}] cannot be read: ${reason}.`);
}
