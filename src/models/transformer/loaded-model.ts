import type { Gpu } from '../../graph/gpu.ts';
import type { DeviceTensor, Scope } from '../../graph/scope.ts';
import type { TransformerConfig } from './config.ts';
import { timingSignal } from './timing.ts';
import type { TransformerWeights } from './weights.ts';

/** Positions the first timing table has. */
const FIRST_POSITIONS = 256;

/** A model on its device: what encoders and decoders of all shapes share. */
export class LoadedModel implements Disposable {
  readonly gpu: Gpu;
  readonly config: TransformerConfig;
  readonly weights: TransformerWeights;
  readonly #scope: Scope;
  #timing: DeviceTensor | undefined;

  /** @param scope owns the weights; the model takes it over. */
  constructor(scope: Scope, config: TransformerConfig, weights: TransformerWeights) {
    this.gpu = scope.gpu;
    this.config = config;
    this.weights = weights;
    this.#scope = scope;
  }

  /** V: tokens of the vocabulary. */
  get vocabulary(): number {
    return this.weights.embedding.rows;
  }

  /** Bytes on the device. */
  get byteLength(): number {
    return this.#scope.byteLength;
  }

  /** Timing signal `[at least positions, H]`. Smaller tables stay for the plans that bound them. */
  timing(positions: number): DeviceTensor {
    const has = this.#timing?.shape[0] ?? 0;
    if (this.#timing === undefined || has < positions) {
      const rows = Math.max(FIRST_POSITIONS, 2 * has, positions);
      const { hidden } = this.config;
      this.#timing = this.#scope.upload('timing signal', [rows, hidden], timingSignal(rows, hidden));
    }
    return this.#timing;
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
