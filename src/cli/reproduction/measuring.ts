import type { Gpu } from '../../graph/device/gpu.ts';
import type { Environment } from '../../results/reproduction/checkpoint-result.ts';
import type { Target } from '../../results/reproduction/target.ts';
import { packageVersion } from '../report/package-version.ts';

/** A checkpoint that is being measured. */
export interface Measuring {
  readonly target: Target;
  readonly path: string;
  /** See `checkpointDigest`. */
  readonly sha256: string;
  /** Of the reproduction; unfinished work is kept in it. */
  readonly folder: string;
  /** Go on with what an interrupted run has left. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

/** What figures measured on a device were measured with. */
export async function environmentOf(gpu: Gpu): Promise<Environment> {
  const { software, runtime, library = null } = gpu.adapter;
  return { adapter: gpu.describe(), software, runtime, webgpu: library, tsos: await packageVersion() };
}
