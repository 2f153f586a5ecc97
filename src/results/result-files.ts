import type { Technique } from '../base/technique.ts';
import type { PublishedModel } from '../layers/published-name.ts';

/** What a run was for. */
export type Experiment = 'baseline' | 'comparison' | 'lottery_ticket' | 'scratch';

/** One of the files that the paper's results were published in, and what its columns mean. */
export interface ResultFile {
  /** Below the folder of results. */
  readonly path: string;
  readonly model: PublishedModel;
  readonly experiment: Experiment;
  /** How runs from scratch differ: in the learning rate or length (ResNet-50), or in budget and initialisation. */
  readonly variant?: string;
  /** Of lottery tickets and runs from scratch: what made their masks. */
  readonly technique: Technique;
  /** In the order of the file. */
  readonly columns: readonly ResultColumn[];
}

/** A column of a file: a setting of the runs, or something measured. */
export type ResultColumn = { readonly heading: string } & (
  | { readonly setting: string; readonly text?: true }
  | {
      readonly measure: 'quality' | 'sparsity';
      /** What to multiply by to get percent (quality) or a fraction (sparsity). */
      readonly scale: number;
      /** The settings it was measured with, where a line holds several measurements. */
      readonly with?: Readonly<Record<string, number>>;
    }
);

const bleu = (heading: string, settings?: Record<string, number>) =>
  measured('quality', heading, 1, settings);
const topOne = (heading: string, settings?: Record<string, number>) =>
  measured('quality', heading, 100, settings);
const sparsity = (heading: string, settings?: Record<string, number>) =>
  measured('sparsity', heading, 1, settings);
const number = (heading: string, setting = heading): ResultColumn => ({ heading, setting });
const text = (heading: string, setting = heading): ResultColumn => ({ heading, setting, text: true });

const LABEL_SMOOTHING = number('label smoothing', 'labelSmoothing');
const RN50_STEPS = [
  number('begin', 'beginStep'),
  number('end', 'endStep'),
  number('freq', 'frequency'),
  LABEL_SMOOTHING,
];
const RN50_SCRATCH = (initHeading = 'init method') => [
  sparsity('sparsity'),
  number('time multiplier', 'timeMultiplier'),
  text(initHeading, 'initMethod'),
  ...RN50_STEPS,
];
const NINE_RUNS = Array.from({ length: 9 }, (_, i) => topOne(`Run ${i + 1}`, { run: i + 1 }));

const HPARAMS = 'Tensor2Tensor HParams';
const REGULARIZATION = text('regularization');
const TRANSFORMER_PRUNING = (hparamsHeading = HPARAMS, bleuHeading = 'MOSES BLEU') => [
  text(hparamsHeading, 'hparams'),
  bleu(bleuHeading),
  sparsity('Sparsity'),
  number('begin_pruning_step', 'beginStep'),
  number('end_pruning_step', 'endStep'),
  number('pruning_frequency', 'frequency'),
  REGULARIZATION,
  number('threshold_decay', 'thresholdDecay'),
];
/** The file of L0 regularisation calls its ramp by the names of variational dropout too. */
const RAMP = [
  number('dkl_weight_start', 'rampStart'),
  number('dkl_weight_diff', 'rampSteps'),
  REGULARIZATION,
];
const ELEVEN_THRESHOLDS = Array.from({ length: 11 }, (_, i) => {
  const logAlphaThreshold = i / 2;
  const label = logAlphaThreshold.toFixed(1);
  return [
    bleu(`MOSES BLEU:${label}`, { logAlphaThreshold }),
    sparsity(`Sparsity:${label}`, { logAlphaThreshold }),
  ];
}).flat();

/** The twenty files. */
export const RESULT_FILES: readonly ResultFile[] = [
  comparison('transformer', 'dense', [
    text(HPARAMS, 'hparams'),
    bleu('MOSES BLEU'),
    number('Training Steps', 'trainingSteps'),
    number('Batch Size', 'batchSize'),
    text('Dataset', 'dataset'),
  ]),
  comparison('transformer', 'magnitude_pruning', TRANSFORMER_PRUNING(HPARAMS, 'Moses BLEU')),
  comparison('transformer', 'random_pruning', TRANSFORMER_PRUNING(HPARAMS, 'Moses BLEU')),
  comparison('transformer', 'variational_dropout', [
    text('Tensor2Tensor Hparams', 'hparams'),
    number('dkl_weight', 'lossWeight'),
    text('dkl_weight_fn', 'weightFunction'),
    ...RAMP,
    ...ELEVEN_THRESHOLDS,
  ]),
  comparison('transformer', 'l0_regularization', [
    text(HPARAMS, 'hparams'),
    bleu('MOSES BLEU'),
    sparsity('Sparsity'),
    number('l0_norm_weight', 'lossWeight'),
    text('l0_norm_weight_fn', 'weightFunction'),
    ...RAMP,
  ]),
  fixedMask('transformer', 'lottery_ticket', TRANSFORMER_PRUNING('HParams')),
  fixedMask('transformer', 'scratchb', TRANSFORMER_PRUNING()),
  fixedMask('transformer', 'scratchb_augmented_init', TRANSFORMER_PRUNING()),
  fixedMask('transformer', 'scratche', TRANSFORMER_PRUNING()),
  fixedMask('transformer', 'scratche_augmented_init', TRANSFORMER_PRUNING()),

  comparison('rn50', 'dense', [
    // The only accuracies that are in percent.
    measured('quality', 'Accuracy', 1),
    number('Training Steps', 'trainingSteps'),
    number('Batch Size', 'batchSize'),
  ]),
  comparison('rn50', 'magnitude_pruning', [sparsity('Sparsity'), ...RN50_STEPS, topOne('accuracy')]),
  comparison('rn50', 'random_pruning', [sparsity('Target Sparsity'), ...RN50_STEPS, topOne('accuracy')]),
  comparison('rn50', 'variational_dropout', [
    number('DKL loss begin', 'rampStart'),
    number('DKL loss saturate', 'rampEnd'),
    number('DKL loss coeff', 'lossWeight'),
    number('label_smoothing', 'labelSmoothing'),
    sparsity('global sparsity'),
    topOne('Accuracy'),
  ]),
  comparison('rn50', 'l0_regularization', [
    number('initial_log_alpha', 'initialLogAlpha'),
    number('l0_norm_weight', 'lossWeight'),
    // These two headings stand above each other's column: smoothing is 0 or 0.1, decay 0 or about 0.0001.
    number('label_smoothing', 'weightDecay'),
    number('weight_decay', 'labelSmoothing'),
    sparsity('global_sparsity'),
    topOne('accuracy'),
  ]),
  fixedMask('rn50', 'lottery_ticket', [...RN50_STEPS, sparsity('sparsity'), topOne('accuracy')]),
  fixedMask('rn50', 'scratch_lr_scaled', [...RN50_SCRATCH(), ...NINE_RUNS]),
  fixedMask('rn50', 'scratch_lr_constant_final', [...RN50_SCRATCH(), ...NINE_RUNS]),
  // Configurations of these two are those of the published random pruning.
  fixedMask('rn50', 'scratch_lr_constant_decay', [...RN50_SCRATCH(''), topOne('accuracy')], 'random_pruning'),
  fixedMask('rn50', 'scratch_lr_continual_decay', [...RN50_SCRATCH(), topOne('accuracy')], 'random_pruning'),
];

function comparison(
  model: PublishedModel,
  technique: Technique,
  columns: readonly ResultColumn[],
): ResultFile {
  const dense = technique === 'dense';
  return {
    path: `sparse_${model}/technique_comparison/${model}_${dense ? 'baselines' : technique}.csv`,
    model,
    experiment: dense ? 'baseline' : 'comparison',
    technique,
    columns,
  };
}

function fixedMask(
  model: PublishedModel,
  name: string,
  columns: readonly ResultColumn[],
  technique: Technique = 'magnitude_pruning',
): ResultFile {
  const path = `sparse_${model}/scratch_lotto/${model}_${name}.csv`;
  const common = { path, model, technique, columns };
  return name === 'lottery_ticket'
    ? { ...common, experiment: 'lottery_ticket' }
    : { ...common, experiment: 'scratch', variant: name.replace(/^scratch_?/, '') };
}

function measured(
  measure: 'quality' | 'sparsity',
  heading: string,
  scale: number,
  settings?: Readonly<Record<string, number>>,
): ResultColumn {
  return { heading, measure, scale, ...(settings === undefined ? {} : { with: settings }) };
}
