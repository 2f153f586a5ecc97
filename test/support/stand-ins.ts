import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Technique } from '../../src/base/technique.ts';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { writeCheckpoint } from '../../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../../src/io/exchange/export.ts';
import type { Target } from '../../src/results/reproduction/target.ts';
import { openManifest } from './manifest.ts';

/** A small checkpoint that stands in for a published one, and which golden it is made from. */
export interface StandIn extends Pick<Target, 'model' | 'technique' | 'logAlphaThreshold'> {
  readonly golden: string;
}

/** Of both models and all techniques. */
export const STAND_INS: readonly StandIn[] = [
  { model: 'transformer', technique: 'dense', golden: 'transformer/dense' },
  { model: 'transformer', technique: 'magnitude_pruning', golden: 'transformer/magnitude_pruning' },
  { model: 'transformer', technique: 'random_pruning', golden: 'transformer/random_pruning' },
  {
    model: 'transformer',
    technique: 'variational_dropout',
    golden: 'transformer/variational_dropout',
    logAlphaThreshold: 2.5,
  },
  { model: 'transformer', technique: 'l0_regularization', golden: 'transformer/l0_regularization' },
  { model: 'rn50', technique: 'magnitude_pruning', golden: 'resnet50/extended_d50_w8' },
  { model: 'rn50', technique: 'random_pruning', golden: 'resnet50/threshold_d34_w8' },
  {
    model: 'rn50',
    technique: 'variational_dropout',
    golden: 'resnet50/variational_dropout_d50_w8',
    logAlphaThreshold: 0.5,
  },
  { model: 'rn50', technique: 'l0_regularization', golden: 'resnet50/l0_regularization_d50_w8' },
];

/**
 * Writes a stand-in into a folder of its name, as TensorFlow would.
 * @returns what may be said of it in a catalogue; a figure of 0.
 */
export async function writeStandIn(folder: string, standIn: StandIn): Promise<Target> {
  const { golden, model, technique, logAlphaThreshold } = standIn;
  const checkpoint = await openManifest(join(GOLDENS, golden, 'manifest.json'));
  const name = `stand_in_${model}_${technique}`;
  await mkdir(join(folder, name), { recursive: true });
  await writeCheckpoint(join(folder, name, 'model.ckpt-1'), readTensors(checkpoint));
  // Small pictures take a tenth of the time, and commands have no part in their size.
  const hparams = model === 'transformer' ? { num_heads: 4 } : { image_size: 64 };
  await writeFile(join(folder, name, 'hparams.json'), JSON.stringify(hparams));
  const { kept, total } = await countKept(checkpoint, technique, logAlphaThreshold);
  return {
    name,
    model,
    technique,
    sparsity: 1 - kept / total,
    figure: 0,
    keptWeights: kept,
    totalWeights: total,
    ...(logAlphaThreshold === undefined ? {} : { logAlphaThreshold }),
  };
}

export const GOLDENS = fileURLToPath(new URL('../goldens', import.meta.url));

/** Which variables are counted, and which of their elements count, in float64. */
const KEPT: Readonly<
  Record<
    Technique,
    readonly [names: RegExp, keeps: (value: number, theta: number, threshold: number) => boolean]
  >
> = {
  dense: [/\/(kernel|weights_0)$/, (value) => value !== 0],
  magnitude_pruning: [/\/mask$/, (value) => value === 1],
  random_pruning: [/\/mask$/, (value) => value === 1],
  variational_dropout: [
    /\/log_sigma2$|_aux$/,
    (value, theta, threshold) => theta !== 0 && value - Math.log(theta * theta + 1e-8) < threshold,
  ],
  // A gate is shut where sigmoid(x) · 1.2 - 0.1 is not above 0.
  l0_regularization: [/\/log_alpha$|_aux$/, (value) => value > Math.log(1 / 11)],
};

async function countKept(checkpoint: Checkpoint, technique: Technique, threshold = 0) {
  const [pattern, keeps] = KEPT[technique];
  let kept = 0;
  let total = 0;
  for (const name of checkpoint.names().filter((each) => pattern.test(each))) {
    const { data } = await checkpoint.read(name);
    const values = data as Float32Array;
    const thetas = technique === 'variational_dropout' ? await weightsOf(checkpoint, name) : undefined;
    values.forEach((value, i) => {
      if (keeps(value, thetas?.[i] ?? 1, threshold)) kept++;
    });
    total += values.length;
  }
  return { kept, total };
}

async function weightsOf(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  const stem = name.replace(/_aux$/, '').replace(/log_sigma2$/, '');
  const found = [stem, `${stem}kernel`, `${stem}weights`].find((each) => checkpoint.names().includes(each))!;
  return (await checkpoint.read(found)).data as Float32Array;
}
