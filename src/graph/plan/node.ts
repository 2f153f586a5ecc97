import type { Grid, Kernel } from '../../wgsl/kernel.ts';
import type { Choice } from '../device/kernel-choice.ts';
import { DeviceTensor } from '../device/scope.ts';

/** A value that exists only while a plan runs; the plan decides where it lies. Row-major, four bytes an element. */
export interface TransientTensor {
  /** Stands for it in errors. */
  readonly name: string;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
}

/** What a dispatch binds: a value of the plan, or a tensor that outlives it. */
export type GraphTensor = TransientTensor | DeviceTensor;

/** One recorded dispatch. */
export interface GraphNode {
  readonly kernel: Kernel;
  readonly grid: Grid;
  readonly parameters: Readonly<Record<string, number>>;
  /** In the order of the kernel's bindings. */
  readonly tensors: readonly GraphTensor[];
  /** Where several kernels can do it, of which `kernel` is the first. */
  readonly choice?: Choice;
}

export function isDeviceTensor(tensor: GraphTensor): tensor is DeviceTensor {
  return tensor instanceof DeviceTensor;
}
