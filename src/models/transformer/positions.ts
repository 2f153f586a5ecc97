import type { Gpu } from '../../graph/device/gpu.ts';
import { copyTensor, type DeviceTensor, inScope, type Scope } from '../../graph/device/scope.ts';
import { cacheHeadSize } from '../../graph/operations/operations.ts';

/** What the device keeps for every position of the sentences being decoded. */
export interface Positions {
  readonly scope: Scope;
  /** Positions there is room for. */
  readonly capacity: number;
  /** `[capacity, hypotheses]` tokens chosen. */
  readonly tokens: DeviceTensor;
  /** `[capacity, hypotheses]` where in their sentence they grew from, and where caches of the hypotheses' pasts are. */
  readonly lineage: DeviceTensor;
  /** `[capacity + 2]` length penalties: of the longest hypothesis, then of each length. */
  readonly penalties: DeviceTensor;
  /** Per layer `[capacity, hypotheses, heads, padded head]`. */
  readonly caches: readonly { readonly key: DeviceTensor; readonly value: DeviceTensor }[];
}

/** Sizes of `Positions` beside the capacity. */
export interface PositionsShape {
  readonly hypotheses: number;
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
}

/** Makes room for `capacity` positions and takes over what smaller ones held; those are disposed. */
export function makePositions(
  gpu: Gpu,
  { hypotheses, layers, heads, headSize }: PositionsShape,
  capacity: number,
  before?: Positions,
): Positions {
  const positions = inScope(gpu, (scope): Positions => {
    const table = (name: string) => scope.tensor(name, [capacity, hypotheses]);
    const cache = (name: string) =>
      scope.tensor(name, [capacity, hypotheses, heads, cacheHeadSize(headSize)]);
    return {
      scope,
      capacity,
      tokens: table('tokens'),
      lineage: table('lineage'),
      penalties: scope.tensor('length penalties', [capacity + 2]),
      caches: Array.from({ length: layers }, (_, layer) => ({
        key: cache(`layer ${layer} key cache`),
        value: cache(`layer ${layer} value cache`),
      })),
    };
  });
  if (before) {
    const into = perPosition(positions);
    for (const [i, from] of perPosition(before).entries()) copyTensor(gpu, from, into[i]);
    before.scope.dispose();
  }
  return positions;
}

/** All that there is for each position and hypothesis, `[capacity, hypotheses, …]`. */
export function perPosition({ tokens, lineage, caches }: Positions): DeviceTensor[] {
  return [tokens, lineage, ...caches.flatMap(({ key, value }) => [key, value])];
}

/**
 * Penalties by which scores of hypotheses are divided, `((5 + length) / 6)^alpha` in float32 (Wu et al. 2016, eq. 14): word 0
 * for `limit` tokens, word `length` for 1 … capacity + 1.
 */
export function penaltyTable(capacity: number, limit: number, alpha: number): Float32Array {
  return Float32Array.from({ length: capacity + 2 }, (_, index) =>
    lengthPenalty(index === 0 ? limit : index, alpha),
  );
}

/** What the log-probability of so many tokens is divided by. */
export function lengthPenalty(length: number, alpha: number): number {
  return Math.fround(Math.fround((5 + length) / 6) ** Math.fround(alpha));
}
