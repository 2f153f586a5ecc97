import { DeviceTooSmallError, UsageError } from '../../base/errors.ts';
import type { Grid, Kernel } from '../../wgsl/kernel.ts';
import type { Gpu } from '../device/gpu.ts';
import type { Choice } from '../device/kernel-choice.ts';
import type { Scope } from '../device/scope.ts';
import { hoist } from './hoist.ts';
import type { GraphNode, GraphTensor, TransientTensor } from './node.ts';
import { buildPlan, type Plan } from './plan.ts';
import { allocateMemory } from './plan-memory.ts';

/**
 * A fixed computation in the making: dispatches in order, over symbolic tensors. `plan` turns it into buffers, pipelines and
 * bind groups, once; running the plan then only encodes.
 */
export class Graph {
  /** The device it will run on. */
  readonly gpu: Gpu;
  /** Stands for it in errors. */
  readonly name: string;
  readonly #nodes: GraphNode[] = [];
  readonly #kept = new Set<TransientTensor>();

  /** A graph without dispatches; the name stands for it in errors. */
  constructor(gpu: Gpu, name: string) {
    this.gpu = gpu;
    this.name = name;
  }

  /** Dispatches recorded so far. */
  get dispatches(): number {
    return this.#nodes.length;
  }

  /** A transient tensor. It must be written by a dispatch before one reads it. */
  tensor(name: string, shape: readonly number[]): TransientTensor {
    return { name, shape };
  }

  /**
   * Lets `Plan.read` read a tensor that later dispatches read too, for which the plan keeps its memory. What none reads is a
   * result and kept as it is.
   * @returns the tensor
   */
  keep(tensor: TransientTensor): TransientTensor {
    this.#kept.add(tensor);
    return tensor;
  }

  /**
   * Records a dispatch.
   * @param tensors by the names of the kernel's bindings
   * @throws {UsageError} for a missing or unknown tensor or parameter, or a grid of nothing.
   * @throws {DeviceTooSmallError} for a grid beyond the device's limits.
   */
  dispatch(
    kernel: Kernel,
    grid: Grid,
    parameters: Readonly<Record<string, number>>,
    tensors: Readonly<Record<string, GraphTensor>>,
  ): void {
    this.#check(kernel, parameters, tensors);
    const needs = `${this.name}: kernel "${kernel.name}" needs ${grid.join(' x ')} workgroups`;
    if (grid.some((extent) => extent < 1)) throw new UsageError(`${needs}, which are none`);
    if (!this.#allows(grid)) {
      const most = this.gpu.limits.maxComputeWorkgroupsPerDimension;
      throw DeviceTooSmallError.of(`${needs}, ${this.gpu.describe()} allows ${most} along each side`);
    }
    this.#nodes.push({ kernel, grid, parameters, tensors: kernel.bindings.map(({ name }) => tensors[name]) });
  }

  /**
   * Records a dispatch that several kernels can do; the plan takes the one that is known to be fastest.
   * @param tensors by the names of the bindings, which all candidates share, like the parameters
   * @throws as `dispatch`, for the first candidate.
   */
  dispatchFastest(
    choice: Choice,
    parameters: Readonly<Record<string, number>>,
    tensors: Readonly<Record<string, GraphTensor>>,
  ): void {
    const [usual, ...others] = choice.candidates;
    this.dispatch(usual.kernel, usual.grid, parameters, tensors);
    for (const { kernel } of others) this.#check(kernel, parameters, tensors);
    const possible = others.filter(({ grid }) => this.#allows(grid));
    this.#nodes.push({ ...this.#nodes.pop()!, choice: { ...choice, candidates: [usual, ...possible] } });
  }

  /**
   * Allocates what its plan would have, and compiles nothing: to find out whether the device has room for it.
   * @param scope owns the memory
   * @throws {DeviceTooSmallError} for a buffer beyond the device's limits.
   */
  allocate(scope: Scope): void {
    allocateMemory(scope, this.name, hoist(this.#nodes, this.#kept), this.#kept);
  }

  /** Compiles the kernels and lays out the buffers, see `hoist` and `layOut`. The graph must not be added to afterwards. */
  async plan(): Promise<Plan> {
    return buildPlan(this.gpu, this.name, hoist(this.#nodes, this.#kept), this.#kept);
  }

  #check(
    kernel: Kernel,
    parameters: Readonly<Record<string, number>>,
    tensors: Readonly<Record<string, GraphTensor>>,
  ): void {
    const where = `${this.name}: kernel "${kernel.name}"`;
    sameNames(`${where}, parameters`, kernel.parameters, parameters);
    sameNames(`${where}, tensors`, kernel.bindings, tensors);
  }

  #allows(grid: Grid): boolean {
    const most = this.gpu.limits.maxComputeWorkgroupsPerDimension;
    return grid.every((extent) => extent >= 1 && extent <= most);
  }
}

function sameNames(
  where: string,
  wanted: readonly { name: string }[],
  given: Readonly<Record<string, unknown>>,
): void {
  const names = Object.keys(given);
  const missing = wanted.filter(({ name }) => given[name] === undefined).map(({ name }) => name);
  const unknown = names.filter((name) => !wanted.some((one) => one.name === name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new UsageError(`${where}: missing [${missing.join(', ')}], unknown [${unknown.join(', ')}]`);
  }
}
