import { isPruning } from '../../base/technique.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { elements, readFloats, Scope, write } from '../../graph/device/scope.ts';
import {
  type MagnitudeMasks,
  type MaskedTensor,
  magnitudeMasks,
} from '../../graph/operations/magnitude-mask.ts';
import type { LayerSize, LayerWeights } from '../../layers/pruning/gradual-pruner.ts';
import { onesIn, type PruningMask } from '../../layers/pruning/mask.ts';
import { sparsifiedMatrices } from '../../layers/sparsity-patterns.ts';
import type { BatchPart, Trainee } from './trainee.ts';

/** Of all float32. */
const LARGEST = 2 ** 128 - 2 ** 104;

/** Weights that masks keep. */
export interface Kept {
  /** Of ones in the mask. */
  readonly kept: number;
  /** Of places in the mask. */
  readonly total: number;
}

/** Decides when masks are made anew, and makes them: `pruning.GradualPruner` of `tsos/layers`. */
export interface Pruner {
  /** How far it is. */
  readonly state: {
    /** Step of the last update, 0 before the first. */
    readonly lastUpdate: number;
  };
  /** Whether masks are to be made anew after this step's update of the weights. */
  isDue(step: number): boolean;
  /** Makes the masks of a step, by layer. @param layers always the same ones in the same order */
  update(step: number, layers: readonly LayerWeights[]): ReadonlyMap<string, PruningMask>;
  /**
   * Does an update in place of that, and says how many weights each layer keeps, where masks keep just the largest magnitudes and all
   * that tie with the last of them: then the device makes them. Undefined where more decides.
   */
  keepLargest?(step: number, layers: readonly LayerSize[]): ReadonlyMap<string, number> | undefined;
}

/** The masks of a pruned model on the device, and what makes them anew. */
export class DeviceMasks implements Disposable {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #layers: readonly MaskedTensor[];
  readonly #pruner: Pruner | undefined;
  /** What makes masks on the device, once it was needed. */
  #byMagnitude: MagnitudeMasks | undefined;
  /** Of the masks as they are, once it was asked for. */
  #kept: Readonly<Record<string, Kept>> | undefined;

  private constructor(gpu: Gpu, layers: readonly MaskedTensor[], pruner: Pruner | undefined) {
    this.#gpu = gpu;
    this.#scope = new Scope(gpu);
    this.#layers = layers;
    this.#pruner = pruner;
  }

  /** Undefined where the technique has no masks. @param pruner undefined: masks stay as they are */
  static of<Part extends BatchPart>(
    gpu: Gpu,
    { start, technique, variables }: Trainee<Part>,
    pruner: Pruner | undefined,
  ): DeviceMasks | undefined {
    if (!isPruning(technique)) return undefined;
    const layers = sparsifiedMatrices(start, technique).map(({ site }) => ({
      weights: variables.constant(site.weights[0]),
      mask: variables.constant(site.companions[0]),
      threshold: variables.constant(site.companions[0].replace(/mask$/, 'threshold')),
    }));
    return new DeviceMasks(gpu, layers, pruner);
  }

  /** Step of the last update, 0 before the first. */
  get lastUpdate(): number {
    return this.#pruner?.state.lastUpdate ?? 0;
  }

  /**
   * Makes masks anew where that is due, from the weights as the step has left them: on the device, where magnitudes decide; otherwise
   * weights are read back.
   * @param step number of the step, as before it was done
   */
  async update(step: number): Promise<void> {
    const pruner = this.#pruner;
    if (!pruner?.isDue(step)) return;
    const wanted = pruner.keepLargest?.(
      step,
      this.#layers.map(({ weights }) => weights),
    );
    if (wanted === undefined) return this.#updateFromHost(pruner, step);
    this.#byMagnitude ??= await magnitudeMasks(this.#scope, this.#layers);
    this.#byMagnitude.run(Uint32Array.from(this.#layers, ({ weights }) => wanted.get(weights.name)!));
    this.#kept = undefined;
  }

  async #updateFromHost(pruner: Pruner, step: number): Promise<void> {
    const weights = await Promise.all(
      this.#layers.map(async ({ weights }) => ({
        name: weights.name,
        shape: weights.shape,
        weights: await readFloats(this.#gpu, weights),
      })),
    );
    const masks = pruner.update(step, weights);
    for (const layer of this.#layers) {
      const { mask, threshold } = masks.get(layer.weights.name)!;
      write(this.#gpu, layer.mask, mask);
      // Of a layer that keeps nothing there is no threshold; a checkpoint must have a number.
      write(this.#gpu, layer.threshold, Float32Array.of(Math.min(threshold, LARGEST)));
    }
    const counts = weights.map(({ name, weights: { length: total } }) => {
      return [name, { kept: masks.get(name)!.kept, total }] as const;
    });
    this.#kept = Object.fromEntries(counts);
  }

  /** Weights that are kept, by layer. */
  async kept(): Promise<Readonly<Record<string, Kept>>> {
    this.#kept ??= await this.#count();
    return this.#kept;
  }

  /** Gives back what it has on the device; masks stay. */
  dispose(): void {
    this.#byMagnitude?.dispose();
    this.#scope.dispose();
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  async #count(): Promise<Readonly<Record<string, Kept>>> {
    const found = await this.#byMagnitude?.read();
    if (found !== undefined) {
      const counted = this.#layers.map(({ weights }, i) => {
        return [weights.name, { kept: found[i].kept, total: elements(weights) }] as const;
      });
      return Object.fromEntries(counted);
    }
    const counts = this.#layers.map(async ({ weights, mask }) => {
      const values = await readFloats(this.#gpu, mask);
      return [weights.name, { kept: onesIn(values), total: values.length }] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  }
}
