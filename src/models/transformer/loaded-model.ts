import type { Gpu } from '../../graph/device/gpu.ts';
import type { DeviceTensor, Scope } from '../../graph/device/scope.ts';
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
  #sourceOffsets: DeviceTensor | undefined;

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
    this.#timing = this.#grown(this.#timing, 'timing signal', positions, () => 0);
    return this.#timing;
  }

  /** What the encoder adds to its embeddings, `[at least positions, H]`: timing signal plus target space. */
  sourceOffsets(positions: number): DeviceTensor {
    const { targetSpace } = this.weights;
    this.#sourceOffsets = this.#grown(
      this.#sourceOffsets,
      'source offsets',
      positions,
      (d) => targetSpace[d],
    );
    return this.#sourceOffsets;
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #grown(
    table: DeviceTensor | undefined,
    name: string,
    positions: number,
    offset: (feature: number) => number,
  ): DeviceTensor {
    const has = table?.shape[0] ?? 0;
    if (table !== undefined && has >= positions) return table;
    const rows = Math.max(FIRST_POSITIONS, 2 * has, positions);
    const { hidden } = this.config;
    const values = timingSignal(rows, hidden).map((value, index) => value + offset(index % hidden));
    return this.#scope.upload(name, [rows, hidden], values);
  }
}
