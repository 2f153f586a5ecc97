import type { Grid, Kernel } from '../../wgsl/kernel.ts';

/** A kernel that can do a dispatch. */
export interface Candidate {
  /** The kernel, */
  readonly kernel: Kernel;
  /** and the workgroups it takes for the dispatch. */
  readonly grid: Grid;
}

/**
 * Kernels that can do the same dispatch with a weight, with the same parameters and tensors and with equal bits. The first is
 * taken where nothing was measured.
 */
export interface Choice {
  /** The weight, as far as speed depends on it: the operation, its sizes, the length of its rows. */
  readonly weight: string;
  /** How the weight is held. */
  readonly format: 'sparse' | 'dense';
  /** What it meets: the size of the other operand, and what is done with the sums. */
  readonly use: string;
  /** At least one. */
  readonly candidates: readonly Candidate[];
}

/**
 * Who knows how fast the kernels of choices are on a device. The device carries it for those who build plans on it; what it
 * knows, and how it is measured, is not the device's matter.
 */
export interface KernelChooser {
  /** Whether this process has measured anything. */
  readonly measured: boolean;
  /** Whether there is something to choose a dispatch by, or time to find it; without, its first candidate will do. */
  chooses(dispatch: Omit<Choice, 'candidates'>): boolean;
  /** The candidate to take. */
  best(choice: Choice): Candidate;
  /** Whether measuring a dispatch would tell something new, and there is time left for it. */
  wantsTimes(choice: Choice): boolean;
  /** Candidates of a dispatch that were neither measured nor tried in vain. */
  missing(choice: Choice): readonly Candidate[];
  /** The least milliseconds that any candidate of a dispatch is known to take; infinite where none is known. */
  leastMilliseconds(choice: Choice): number;
  /** How a weight of this class was decided to be held; `undefined` where that was never measured. */
  format(weight: string): Choice['format'] | undefined;
  /** Measures something within the time that is left, alone. @param work is told when the time is up, and gives up then */
  measure(work: (isTimeUp: () => boolean) => Promise<void>): Promise<void>;
  /** Keeps the least milliseconds of candidates of a dispatch, by the kernel's name. */
  keepTimes(choice: Choice, milliseconds: Readonly<Record<string, number>>): void;
  /** Remembers, as long as this process runs, that a candidate of a dispatch failed when it was tried. */
  keepFailure(choice: Choice, candidate: Candidate): void;
  /** Whether a candidate of a dispatch failed when this process tried it. */
  hasFailed(choice: Choice, candidate: Candidate): boolean;
  /** Decides for the weights met so far whether they are better held sparse or dense. */
  decideFormats(): void;
  /** Keeps what became known for later processes. */
  save(): Promise<void>;
  /** Every dispatch that had a choice so far, in the order they were met. */
  explain(): DispatchExplanation[];
  /** What was decided of sparse and dense, by class of weight: milliseconds of all uses measured. */
  explainFormats(): Record<string, FormatTimes>;
}

/** Why a dispatch runs the kernel it runs. */
export interface DispatchExplanation extends Omit<Choice, 'candidates'> {
  /** Name of the kernel that runs. */
  readonly kernel: string;
  /** By times of this process, or of earlier ones; else the variant that suits the class of device. */
  readonly why: 'measured' | 'remembered' | 'default';
  /** Least milliseconds of a run, by kernel; empty where nothing was measured. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** Kernels that could do it and were not measured yet. */
  readonly missing: readonly string[];
  /** Kernels that failed when this process tried them. */
  readonly failed: readonly string[];
}

/** Milliseconds of a class of weights held one way and the other, all its uses together. */
export interface FormatTimes {
  /** Held compressed. */
  readonly sparse: number;
  /** Held whole. */
  readonly dense: number;
}
