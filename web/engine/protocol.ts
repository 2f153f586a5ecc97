import type { FormatResult } from '../../bench/comparison/compare-formats.ts';
import type { Scale } from '../../bench/comparison/scale.ts';
import type { CheckpointSparsity, Gpu, ModelKind } from '../../src/browser.ts';

/*
 * What the page asks of its engine, a worker with the device and the models: so nothing that takes long runs in the page.
 */

/** A file as it was chosen or dropped; in a chosen folder the path begins with the folder's name. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

/** A model that is ready. */
export interface LoadedModel {
  readonly name: string;
  /** Such as `magnitude_pruning`. */
  readonly technique: string;
  readonly sparsity: number;
  readonly weights: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** What was found in a checkpoint. */
export interface CheckpointReport extends CheckpointSparsity {
  readonly name: string;
  readonly kind: ModelKind | undefined;
  readonly variables: number;
}

export interface TranslatedText {
  readonly lines: readonly string[];
  readonly tokens: number;
  readonly seconds: number;
}

export interface ClassifiedPicture {
  readonly classes: readonly { readonly class: number; readonly probability: number }[];
  readonly seconds: number;
}

/** Products and convolutions of the paper's models on this device, sparse against dense. */
export interface Measurement {
  readonly adapter: string;
  readonly runtime: string;
  readonly peakGflops: number;
  readonly products: readonly FormatResult[];
  readonly convolutions: readonly FormatResult[];
  /** Geometric means over the layers of dense time over sparse time, by sparsity. */
  readonly geomean: Readonly<Record<'products' | 'convolutions', Readonly<Record<string, number>>>>;
}

export interface MeasurementProgress {
  readonly done: number;
  readonly total: number;
  /** What is measured now. */
  readonly layer: string;
  readonly results: readonly FormatResult[];
}

/** Each task with what it takes, what it tells on the way, and what it gives. */
export interface Tasks {
  openDevice: { takes: undefined; tells: never; gives: Gpu['adapter'] };
  /** The sample unless files are given. */
  loadTransformer: { takes: { vocabulary: File } | undefined; tells: number; gives: LoadedModel };
  translate: { takes: { text: string; beam: number }; tells: readonly string[]; gives: TranslatedText };
  /** The sample, or what was inspected last. */
  loadResNet: { takes: 'sample' | 'inspected'; tells: number; gives: LoadedModel };
  classify: { takes: Blob; tells: never; gives: ClassifiedPicture };
  /** The checkpoint stays open until the next. */
  inspect: { takes: readonly GivenFile[] | ModelKind; tells: never; gives: CheckpointReport };
  measure: { takes: Scale; tells: MeasurementProgress; gives: Measurement };
}

export type TaskName = keyof Tasks;

/** From the page. */
export type Order =
  | { readonly id: number; readonly name: TaskName; readonly input: unknown }
  | { readonly id: number; readonly stop: true };

/** From the engine. */
export type Report =
  | { readonly id: number; readonly told: unknown }
  | { readonly id: number; readonly gave: unknown }
  | { readonly id: number; readonly failed: Failure };

export interface Failure {
  /** Of the error: `DataError`, `AdapterError`, `AbortError` … */
  readonly name: string;
  /** A sentence. */
  readonly message: string;
}
