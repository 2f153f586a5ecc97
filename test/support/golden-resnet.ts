import assert from 'node:assert/strict';
import { assertClose } from './accuracy.ts';
import { readJson, testFile } from './files.ts';
import { readSafetensors } from './tensors.ts';

/** The folder of the small networks. */
export const GOLDEN_RESNETS = testFile('test', 'goldens', 'resnet50');

/** Their names. */
export const GOLDEN_RESNET_CASES = [
  'baseline_d18_w16',
  'baseline_d50_w8',
  'extended_d50_w8',
  'l0_regularization_d50_w8',
  'threshold_d34_w8',
  'threshold_d50_w8_sharded3',
  'variational_dropout_d50_w8',
];

/** What is known of the activations of one picture after a stage. */
interface StageSummary {
  shape: number[];
  sum: number;
  sum_abs: number;
  sample_index: number[];
  sample_value: number[];
}

/** What the original made of one network. */
export interface GoldenResNet {
  depth: number;
  num_label_classes: number;
  log_alpha_threshold: number;
  labels: number[];
  argmax: number[];
  eval_loss: number;
  regularization_loss: number;
  /** Keyed `<stage>/<picture>`. */
  stages: Record<string, StageSummary>;
  float32_vs_independent_float64: Record<string, { max_abs: number; max_abs_of_f64: number }>;
}

export function readGoldenResNet(directory: string): Promise<GoldenResNet> {
  return readJson(`${directory}/golden.json`);
}

/** Values of `golden.safetensors`. */
export async function goldenTensor(directory: string, name: string): Promise<Float32Array> {
  return (await readSafetensors(`${directory}/golden.safetensors`)).get(name)!.data as Float32Array;
}

/** The two pictures of the small networks, `[2, 224, 224, 3]`. */
export async function goldenPictures(): Promise<Float32Array> {
  const tensors = await readSafetensors(`${GOLDEN_RESNETS}/images.safetensors`);
  return Float32Array.from(tensors.get('images_u8')!.data as Uint8Array);
}

/** Error allowed, as a part of the largest magnitude of the case. */
const TOLERANCE = 1e-5;

export function assertNear(
  actual: Float32Array,
  expected: ArrayLike<number>,
  largest: number,
  what: string,
): void {
  assertClose(actual, expected, TOLERANCE * largest, what);
}

/** One picture's activations after a stage, `[Y, X, C]`. */
export function checkStage(golden: GoldenResNet, stage: string, picture: number, actual: Float32Array): void {
  const {
    shape,
    sum,
    sum_abs: size,
    sample_index: index,
    sample_value: value,
  } = golden.stages[`${stage}/${picture}`];
  const what = `${stage} of picture ${picture}`;
  assert.equal(
    actual.length,
    shape.reduce((product, extent) => product * extent, 1),
    what,
  );
  const { max_abs_of_f64: largest } = golden.float32_vs_independent_float64[stage];
  assertNear(
    Float32Array.from(index, (at) => actual[at]),
    value,
    largest,
    what,
  );
  const total = actual.reduce((all, each) => all + each, 0);
  assert.ok(Math.abs(total - sum) <= TOLERANCE * size, `${what}: sum ${total}, expected ${sum}`);
}

export function largestMagnitude(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
