import { OutOfMemoryError } from '../../base/errors.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { Scope } from '../../graph/device/scope.ts';
import { Tape } from '../../graph/differentiation/tape.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { BatchPart, RecordedPart } from './trainee.ts';

/** Bytes that plans may have together before those that were not used for longest are let go. */
const MOST_BYTES = 2 ** 31;

/** A plan with the batch it reads. */
interface PartPlan<Part> {
  readonly plan: Plan;
  readonly scope: Scope;
  write(part: Part): void;
}

/** The plans of a training, one for each shape that the parts of batches have. */
export class PartPlans<Part extends BatchPart> implements Disposable {
  readonly #gpu: Gpu;
  readonly #record: (tape: Tape, scope: Scope, part: Part) => RecordedPart<Part>;
  /** Those used last stand last. */
  readonly #plans = new Map<string, PartPlan<Part>>();

  constructor(gpu: Gpu, record: (tape: Tape, scope: Scope, part: Part) => RecordedPart<Part>) {
    this.#gpu = gpu;
    this.#record = record;
  }

  get arenaBytes(): number {
    return [...this.#plans.values()].reduce((sum, { plan }) => sum + plan.arenaBytes, 0);
  }

  /** The plan for parts of the shape of this one; it is made when it is first asked for. */
  async of(part: Part): Promise<PartPlan<Part>> {
    const found = this.#plans.get(part.shape) ?? (await this.#make(part));
    this.#plans.delete(part.shape);
    this.#plans.set(part.shape, found);
    return found;
  }

  /**
   * Takes the memory that the plan for a part would need, and gives it back.
   * @throws {DeviceTooSmallError} where the device allows no such buffers. {OutOfMemoryError} where it has no memory for them.
   */
  async tryMemory(part: Part): Promise<void> {
    using scope = new Scope(this.#gpu);
    const graph = new Graph(this.#gpu, planName(part));
    this.#record(new Tape(graph), scope, part);
    graph.allocate(scope);
    await this.#gpu.settled();
  }

  dispose(): void {
    for (const shape of this.#plans.keys()) this.#drop(shape);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #make(part: Part): Promise<PartPlan<Part>> {
    for (const shape of this.#plans.keys()) {
      if (this.arenaBytes < MOST_BYTES) break;
      this.#drop(shape);
    }
    for (;;) {
      try {
        return await this.#planOf(part);
      } catch (error) {
        // Plans of other shapes can be made again once they are asked for.
        const [oldest] = this.#plans.keys();
        if (!(error instanceof OutOfMemoryError) || oldest === undefined) throw error;
        this.#drop(oldest);
      }
    }
  }

  async #planOf(part: Part): Promise<PartPlan<Part>> {
    const scope = new Scope(this.#gpu);
    let plan: Plan | undefined;
    try {
      const graph = new Graph(this.#gpu, planName(part));
      const { write } = this.#record(new Tape(graph), scope, part);
      plan = await graph.plan();
      // That there was no memory shows only now.
      await this.#gpu.settled();
      return { plan, scope, write };
    } catch (error) {
      plan?.dispose();
      scope.dispose();
      throw error;
    }
  }

  #drop(shape: string): void {
    const { plan, scope } = this.#plans.get(shape)!;
    plan.dispose();
    scope.dispose();
    this.#plans.delete(shape);
  }
}

function planName({ shape }: BatchPart): string {
  return `training step, ${shape}`;
}
