import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { printable } from '../../base/printable.ts';
import { TECHNIQUES } from '../../base/technique.ts';
import type { Gpu } from '../../graph/open-gpu.ts';
import { RESNET_DEPTHS, type ResNetDepth } from '../../models/resnet50/config.ts';
import { REGULARIZATIONS } from '../../models/transformer/dropout.ts';
import type { BatchPart } from '../../train/loop/trainee.ts';
import type { Preparation } from '../../train/run/preparation.ts';
import { prepareTraining } from '../../train/run/prepare-training.ts';
import { requireRunFolder } from '../../train/run/run-folder.ts';
import { LEARNING_RATE_SCHEDULES, OPTIMIZERS } from '../../train/run/settings.ts';
import { type TrainedRun, trainInFolder } from '../../train/run/train-in-folder.ts';
import { layerTargets } from '../arguments/layer-targets.ts';
import { number, wholeNumber } from '../arguments/values.ts';
import { describeProgress } from '../report/training-report.ts';
import { withDevice } from '../session/device-session.ts';
import { trainingSettings } from '../session/training-settings.ts';
import { type Advise, interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

const count = wholeNumber(1);
const step = wholeNumber(0);

export const trainCommand = new Command('train')
  .addArgument(new Argument('<model>', 'What to train').choices(['transformer', 'rn50'] as const))
  .requiredOption('--output <dir>', 'Folder for checkpoints, metrics and events')
  .option('--resume', 'Go on where a run with that folder was interrupted')
  .addOption(
    new Option(
      '--preset <name>',
      'Sizes and schedule: those of the paper (default), or for small data',
    ).choices(['paper', 'small'] as const),
  )
  .option('--config <file>', 'Settings of an earlier run: its run.json')
  .option('--like <name>', 'Technique, targets, schedule and regularisation of a published checkpoint')
  .option('--inputs <files...>', 'Transformer: sentences, one a line; may be gzipped')
  .option('--targets <files...>', 'Transformer: their translations, as many files with as many lines')
  .option('--eval-inputs <files...>', 'Transformer: sentences to evaluate with')
  .option('--eval-targets <files...>', 'Transformer: their translations')
  .option('--vocab <file>', 'Transformer: subword vocabulary; "tsos vocabulary build" makes one')
  .option(
    '--data <paths...>',
    'TFRecord files, or folders with *-train-* files: of a translation problem of Tensor2Tensor, in place of --inputs and --targets; ' +
      'or ResNet: of pictures, also JPEG files in a folder for each class',
  )
  .option('--labels <file>', 'ResNet: classes of pictures that are JPEG files')
  .option('--eval-data <paths...>', 'ResNet: pictures to evaluate with, as --data, but validation-* files')
  .option(
    '--least-crop-area <share>',
    'ResNet: least share of a picture that a step sees, 0.08 unless given',
    number,
  )
  .option(
    '--mirrored-share <share>',
    'ResNet: share of the pictures that are mirrored, 0.5 unless given',
    number,
  )
  .addOption(new Option('--technique <name>', 'How to sparsify; dense unless given').choices(TECHNIQUES))
  .option('--seed <number>', 'Of initial values, order, crops and noise', step)
  .option('--train-steps <n>', 'Steps of the optimizer', count)
  .option('--batch-size <n>', 'Tokens of a side (Transformer), or pictures (ResNet), a step', count)
  .option('--micro-batch <n>', 'As many of them at once on the device; gradients are accumulated', count)
  .option('--target-sparsity <share>', 'Pruning: share of each layer', number)
  .option(
    '--per-layer <name:share>',
    'Pruning: another share for the layer with this in its name',
    layerTargets,
  )
  .option('--begin-pruning-step <n>', 'Pruning begins, 0 unless given', step)
  .option('--end-pruning-step <n>', 'The target is reached, at the last step unless given', step)
  .option('--pruning-frequency <n>', 'Steps between two updates of the masks', count)
  .option('--penalty-weight <number>', 'Variational dropout, L0: weight of the penalty', number)
  .option('--penalty-begin <n>', 'Step up to which that is 0', step)
  .option('--penalty-end <n>', 'Step from which it is whole, the last unless given', step)
  .addOption(new Option('--penalty-function <form>', 'How it rises').choices(['linear', 'cubic'] as const))
  .option('--clip-log-alpha <number>', 'Variational dropout: bound of |log α|', number)
  .option(
    '--initial-sparsity <share>',
    'Pruning: begin with larger weights, for masks that drop this share',
    number,
  )
  .option('--initial-log-sigma2 <number>', 'Variational dropout: first log σ²', number)
  .option('--initial-log-alpha <number>', 'L0: mean of the first log α', number)
  .option(
    '--auxiliary-rate-scale <number>',
    'Variational dropout, L0: log σ², or log α, learns at so many times the rate',
    number,
  )
  .option('--warm-start-from <checkpoint>', 'Begin with its variables')
  .option('--load-masks-from <checkpoint>', 'Begin with its masks, which then stay')
  .option('--load-weights-from <checkpoint>', 'Begin with all of it but masks')
  .option('--hidden-size <n>', 'Transformer: features', count)
  .option('--filter-size <n>', 'Transformer: inner features of feed-forward layers', count)
  .option('--num-heads <n>', 'Transformer: attention heads', count)
  .option('--num-hidden-layers <n>', 'Transformer: layers of encoder and decoder, each', count)
  .option('--max-length <n>', 'Transformer: longest sentence, in tokens; longer pairs are left out', count)
  .option(
    '--length-bucket-step <number>',
    'Transformer: each length of batches is so many times the last',
    number,
  )
  .option(
    '--packed-length <n>',
    'Transformer: rows of so many tokens a side, into which sentences are packed; 0 for batches of one length each',
    step,
  )
  .addOption(
    new Option('--regularization <preset>', 'Transformer: dropout and label smoothing').choices(
      REGULARIZATIONS,
    ),
  )
  .addOption(
    new Option(
      '--optimizer <name>',
      "Transformer: adam unless given; adafactor has its own schedule, the original's, unless one is given",
    ).choices(OPTIMIZERS),
  )
  .addOption(
    new Option(
      '--learning-rate-schedule <form>',
      'Transformer: falling with the root of the step (three forms of Tensor2Tensor), or linearly to 0 at the end',
    ).choices(LEARNING_RATE_SCHEDULES),
  )
  .option(
    '--learning-rate <number>',
    'Transformer: constant of rsqrt and rsqrt_decay, learning_rate of legacy, or highest rate of linear',
    number,
  )
  .option('--warmup-steps <n>', 'Transformer: steps over which the rate rises', step)
  .option('--resnet-depth <n>', `ResNet: layers, ${RESNET_DEPTHS.join(', ')}`, depth)
  .option('--width <n>', 'ResNet: channels of the first convolution', count)
  .option('--num-classes <n>', 'ResNet: classes', count)
  .option('--image-size <n>', 'ResNet: side of the pictures, in pixels', count)
  .option('--label-smoothing <share>', 'ResNet: share of a label that is spread over all', number)
  .option('--weight-decay <number>', 'ResNet: factor of half the squared weights', number)
  .option('--base-learning-rate <number>', 'ResNet: highest rate, of a batch of 256', number)
  .option('--warmup-epochs <number>', 'ResNet: epochs over which the rate rises', number)
  .option('--decay-epochs <list>', 'ResNet: epochs at which it falls to a tenth, such as 30,60,80', numbers)
  .option('--dense-layers <scopes...>', 'ResNet: layers that are not sparsified, such as initial_conv')
  .option('--eval-every <n>', 'Steps from one evaluation to the next; only the last unless given', count)
  .option('--checkpoint-every <n>', 'Steps from one checkpoint to the next', count)
  .option('--keep <n>', 'How many checkpoints to keep', count)
  .option('--log-every <n>', 'Steps from one record of metrics to the next', count)
  .option('--workers <n>', 'ResNet: threads that decode pictures; 0 for none', step)
  .option('--json', 'Print one JSON object');

trainCommand.action(async (model, args) => {
  const { output, resume = false, preset, config, like, workers, json, ...options } = args;
  const given = { ...options } as Record<string, unknown>;
  delete given.quiet;
  const resumed = resume ? output : undefined;
  const settings = await trainingSettings(model, given, { preset, config, like, resumed });
  // What is cheap to find wrong is found before anything is read, or the adapter opened.
  await requireRunFolder(output, resume);
  await interruptible(async (signal, advise) => {
    const onWorkersUnavailable = ({ message }: Error) => note(`decoding without threads: ${message}`);
    const run = await prepareTraining(settings, { workers, onWorkersUnavailable, signal });
    try {
      for (const each of run.notes) note(each);
      note(describe(run));
      const { trained, adapter } = await withDevice(async (gpu) => {
        note(`training on ${gpu.describe()}`);
        return {
          trained: await train(gpu, run, { output, resume, signal, advise }),
          adapter: gpu.describe(),
        };
      });
      if (json) await printJson(report(output, run, trained, adapter));
      else await printText(asText(output, run, trained));
    } finally {
      await run.close();
    }
  });
});

type Prepared = Preparation<BatchPart>;

interface Request {
  readonly output: string;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly advise: Advise;
}

async function train(
  gpu: Gpu,
  run: Prepared,
  { output, resume, signal, advise }: Request,
): Promise<TrainedRun> {
  using progress = showProgress('trained');
  return await trainInFolder(gpu, run, output, {
    resume,
    signal,
    onStep: (each) => progress.update(each.step, each.steps, describeProgress(each, run.unit)),
    onCheckpoint(at) {
      if (at > 0)
        advise(`the checkpoint of step ${at} is kept in ${output}, run the same with --resume to go on`);
    },
  });
}

function describe({ data, unit, batchesPerEpoch, settings }: Prepared): string {
  const of = unit === 'tokens' ? `${data.pairs} sentence pairs` : `${data.pictures} pictures`;
  const epochs = (settings.trainSteps / batchesPerEpoch).toFixed(1);
  return `${of}, ${batchesPerEpoch} batches an epoch, ${settings.trainSteps} steps are ${epochs} epochs`;
}

function report(output: string, { settings, data, unit }: Prepared, trained: TrainedRun, adapter: string) {
  return { output, ...trained, unit, adapter, settings, data };
}

function asText(output: string, { settings }: Prepared, { step: done, metrics }: TrainedRun): string {
  const loss = metrics.loss === undefined ? '' : `, loss ${metrics.loss.toPrecision(4)}`;
  return `${printable(output)} has a ${settings.technique} ${settings.model} after ${done} steps${loss}\n`;
}

/** @throws {InvalidArgumentError} where there is no network of so many layers. */
function depth(value: string): ResNetDepth {
  const found = RESNET_DEPTHS.find((each) => String(each) === value);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It must be one of ${RESNET_DEPTHS.join(', ')}.`);
}

function numbers(value: string): readonly number[] {
  return value.split(',').map(number);
}
