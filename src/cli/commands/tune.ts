import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { madeResNet50, madeTransformer } from '../../models/full-size/made-checkpoint.ts';
import { tuneModel } from '../../models/tune-model.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { number, wholeNumber } from '../arguments/values.ts';
import { describeTuning, explainTuning, tuningReport } from '../report/tuning-report.ts';
import { withDevice } from '../session/device-session.ts';
import { checkpointFor } from '../session/published.ts';
import { tuningFolder } from '../session/tuning-options.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';

export const tuneCommand = new Command('tune')
  .argument(
    '[checkpoints...]',
    "Checkpoints of either model; by default stand-ins of the paper's, 70 and 90 % sparse",
  )
  .addOption(
    new Option('--model <model>', 'Which stand-ins, where no checkpoint is given; by default both').choices([
      'transformer',
      'rn50',
    ] as const),
  )
  .option('--budget <seconds>', 'Most time for measuring; 0 measures nothing', seconds, 60)
  .option('--batch <sentences>', 'Sentences of a batch (default 8)', wholeNumber(1))
  .option('--beam <width>', 'Hypotheses kept per sentence (default 4)', wholeNumber(1))
  .option('--length <tokens>', 'Tokens of a sentence (default 27)', wholeNumber(1))
  .option('--pictures <n>', 'Pictures of a batch (default 1)', wholeNumber(1))
  .addOption(FROM)
  .addOption(OFFLINE)
  .option('--explain', 'Tell for every kernel what was measured and why it was chosen')
  .option('--json', 'Print one JSON object');

type Options = ReturnType<typeof tuneCommand.opts>;

tuneCommand.action(async (paths, args) => {
  const { budget, batch, beam, length, pictures } = args;
  const models = modelsToTune(paths, args);
  await interruptible(async (signal, advise) => {
    advise('what was measured is kept; run this again to go on');
    const tuning = { store: tuningFolder(), budget };
    await withDevice(async (gpu) => {
      for (const model of models) {
        const checkpoint = await model.open();
        try {
          const onPart = (part: string) => note(`${model.name}, ${part}`);
          await tuneModel(gpu, checkpoint, { batch, beam, length, pictures, signal, onPart });
        } finally {
          await checkpoint.close();
        }
      }
      if (args.json) await printJson(tuningReport(gpu));
      else await printText((args.explain ? explainTuning(gpu) : '') + describeTuning(gpu));
    }, tuning);
  });
});

/** @throws {InvalidArgumentError} where it is no number of seconds. */
function seconds(value: string): number {
  const given = number(value);
  if (given < 0) throw new InvalidArgumentError('It cannot be below 0.');
  return given;
}

/** A model to be tuned for. */
interface TunedModel {
  readonly name: string;
  open(): Checkpoint | Promise<Checkpoint>;
}

function modelsToTune(paths: readonly string[], args: Options): TunedModel[] {
  const { model } = args;
  if (paths.length > 0) {
    if (model !== undefined) throw new ArgumentError('--model is for stand-ins; a checkpoint is what it is');
    return paths.map((path) => ({
      name: path,
      open: async () => openCheckpoint(await checkpointFor(path, args)),
    }));
  }
  return STAND_INS.filter(({ kind }) => model === undefined || kind === model);
}

/** Where dense kernels begin to lose, and where the paper's models lose nothing. */
const SPARSITIES = [0.9, 0.7];

const STAND_INS = SPARSITIES.flatMap((sparsity) => [
  {
    kind: 'transformer',
    name: `Transformer, ${100 * sparsity} % sparse`,
    open: () => madeTransformer(sparsity),
  },
  { kind: 'rn50', name: `ResNet-50, ${100 * sparsity} % sparse`, open: () => madeResNet50(sparsity) },
]);
