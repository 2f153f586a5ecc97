import { type ArgsDef, defineCommand, type ParsedArgs } from 'citty';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { madeResNet50, madeTransformer } from '../../models/full-size/made-checkpoint.ts';
import { tuneModel } from '../../models/tune-model.ts';
import { ANY_NUMBER, ArgumentError, numberOption, wholeOption } from '../arguments.ts';
import { note, print } from '../report/print.ts';
import { describeTuning, explainTuning, tuningJson } from '../report/tuning-report.ts';
import { withDevice } from '../session/device-session.ts';
import { interruptible } from '../session/interrupt.ts';
import { tuningFolder } from '../session/tuning-options.ts';

const ARGUMENTS = {
  checkpoint: {
    type: 'positional',
    required: false,
    valueHint: ANY_NUMBER,
    description: "Checkpoints of either model; by default stand-ins of the paper's, 70 and 90 % sparse",
  },
  model: {
    type: 'enum',
    options: ['transformer', 'rn50'],
    description: 'Which stand-ins, where no checkpoint is given; by default both',
  },
  budget: {
    type: 'string',
    valueHint: 'seconds',
    description: 'Most time for measuring (default 60); 0 measures nothing',
  },
  batch: { type: 'string', valueHint: 'sentences', description: 'Sentences of a batch (default 8)' },
  beam: { type: 'string', valueHint: 'width', description: 'Hypotheses kept per sentence (default 4)' },
  length: { type: 'string', valueHint: 'tokens', description: 'Tokens of a sentence (default 27)' },
  pictures: { type: 'string', valueHint: 'n', description: 'Pictures of a batch (default 1)' },
  explain: { type: 'boolean', description: 'Tell for every kernel what was measured and why it was chosen' },
  json: { type: 'boolean', description: 'Print one JSON object' },
} as const satisfies ArgsDef;

export const tuneCommand = defineCommand({
  meta: {
    name: 'tune',
    description: 'Measure which kernels are fastest on this adapter, and keep it for later runs',
  },
  args: ARGUMENTS,
  async run({ args }) {
    const { budget, options } = readRequest(args);
    await interruptible(async (signal, advise) => {
      advise('what was measured is kept; run this again to go on');
      const tuning = { store: tuningFolder(), budget };
      await withDevice(async (gpu) => {
        for (const model of modelsToTune(args)) {
          const checkpoint = await model.open();
          try {
            const onPart = (part: string) => note(`${model.name}, ${part}`);
            await tuneModel(gpu, checkpoint, { ...options, signal, onPart });
          } finally {
            await checkpoint.close();
          }
        }
        if (args.json) await print(tuningJson(gpu));
        else await print((args.explain ? explainTuning(gpu) : '') + describeTuning(gpu));
      }, tuning);
    });
  },
});

type Arguments = ParsedArgs<typeof ARGUMENTS>;

function readRequest(args: Arguments) {
  const budget = numberOption('budget', args.budget) ?? 60;
  if (budget < 0) throw new ArgumentError(`--budget is ${budget}; it cannot be below 0`);
  return {
    budget,
    options: {
      batch: wholeOption('batch', args.batch, 1),
      beam: wholeOption('beam', args.beam, 1),
      length: wholeOption('length', args.length, 1),
      pictures: wholeOption('pictures', args.pictures, 1),
    },
  };
}

/** A model to be tuned for. */
interface TunedModel {
  readonly name: string;
  open(): Checkpoint | Promise<Checkpoint>;
}

function modelsToTune({ _: paths, model }: Arguments): TunedModel[] {
  if (paths.length > 0) {
    if (model !== undefined) throw new ArgumentError('--model is for stand-ins; a checkpoint is what it is');
    return paths.map((path) => ({ name: path, open: () => openCheckpoint(path) }));
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
