import { basename, dirname } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { DataError } from '../../base/errors.ts';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { requireOutput } from '../../io/files/output.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { evaluateToFile } from '../../models/resnet50/evaluate-to-file.ts';
import { weightDecayLoss } from '../../models/resnet50/weight-decay.ts';
import {
  CHECKPOINT,
  FORMAT,
  IMAGE_SIZE,
  LOG_ALPHA_THRESHOLD,
  TECHNIQUE,
  VALUE_PRECISION,
} from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { FORCE, RESUME } from '../arguments/output-options.ts';
import { each, inputFile, type Shard, shard, wholeNumber } from '../arguments/values.ts';
import { describeResNet } from '../report/describe-resnet.ts';
import { describeEvaluation, describeRate, evaluationReport } from '../report/evaluation-report.ts';
import { adviceToResume, noteFinished, noteStart } from '../report/resume-notes.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { countSelected } from '../session/count-selected.ts';
import { checkpointFor } from '../session/published.ts';
import { withResNet } from '../session/resnet-session.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

export const evaluateCommand = new Command('evaluate')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .requiredOption(
    '--data <path>',
    'A folder with TFRecord files validation-*, with a folder of JPEG files for each class, or with JPEG files; or such files, each after its own --data',
    each,
  )
  .option(
    '--labels <file>',
    'Classes of JPEG files, from 0: lines "<picture> <class>", or one WordNet id a line',
    inputFile,
  )
  .option(
    '--output <file>',
    'The result, for tsos merge; by default evaluation.<checkpoint>.json in this folder',
  )
  .option('--batch <n>', 'Pictures a batch', wholeNumber(1), 32)
  .option('--limit <n>', 'Only so many pictures from the beginning', wholeNumber(1))
  .option('--shard <i/n>', 'Only part i of n, i from 0', shard)
  .option('--workers <n>', 'Threads that decode pictures; 0 for none', wholeNumber(0))
  .option('--skip-bad', 'Count pictures that cannot be used, instead of stopping')
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .addOption(IMAGE_SIZE)
  .addOption(FORMAT)
  .addOption(VALUE_PRECISION)
  .addOption(RESUME)
  .addOption(FORCE)
  .option('--json', 'Print one JSON object with everything about the result');

type Options = ReturnType<typeof evaluateCommand.opts>;

evaluateCommand.action(async (given, args) => {
  const request = readRequest(given, args);
  const { selection, output, resume } = request;
  const path = await checkpointFor(given, args);
  // What is cheap to find wrong is found before the model is loaded.
  const inputs = [...(await checkpointInputs(path)), request.labels];
  const replace = args.force ?? false;
  await requireOutput(output, { inputs: [...inputs, ...request.data] });
  const pictures = await openPictures(request.data, { labels: request.labels });
  const { kind } = await requireOutput(output, { inputs: pictures.files, replace: replace || resume });
  pictures.notes.forEach(note);
  const total = await countSelected(pictures, selection, request.data);
  const data = await pictureSetDigest(pictures, request.labels);
  const { sha256 } = await checkpointDigest(path);
  await interruptible((signal, advise) =>
    withResNet({ ...request.model, checkpoint: path, signal }, async ({ gpu, checkpoint, model }) => {
      note(`${describeResNet(model)}, on ${gpu.describe()}; ${total} pictures`);
      noteUnusedThreshold(model.config.technique, request.model.logAlphaThreshold);
      using shown = showProgress('evaluated');
      const adviseFrom = (seen: number) => {
        if (kind === 'file') advise(adviceToResume(`${seen} of ${total} pictures`, output));
      };
      const part = await evaluateToFile(model, pictures, {
        ...selection,
        ...request.reading,
        output,
        inputs,
        resume,
        replace,
        signal,
        checkpoint: sha256,
        data,
        weightDecayLoss: await weightDecayLoss(checkpoint, model.config),
        onNote: note,
        onFinished: () => noteFinished(output),
        onStart(start) {
          noteStart(start, { items: 'pictures', output, resume });
          if (start.resumed > 0) adviseFrom(start.resumed);
        },
        onProgress(progress) {
          adviseFrom(progress.seen);
          shown.update(progress.seen, total, describeRate(progress));
        },
      });
      if (args.json) await printJson(await evaluationReport(part));
      else await printText(describeEvaluation(part, output));
      for (const { reason } of part.bad.slice(0, NAMED_BAD)) note(`passed over: ${reason}`);
      if (part.bad.length > NAMED_BAD) note(`and ${part.bad.length - NAMED_BAD} more, which ${output} names`);
      if (part.totals.pictures === 0 && part.bad.length > 0) {
        throw new DataError(`none of ${part.bad.length} pictures and records could be used`, {
          file: output,
        });
      }
    }),
  );
});

/** How many pictures that could not be used are named on the terminal. */
const NAMED_BAD = 10;

function readRequest(given: string, options: Options) {
  const { technique, logAlphaThreshold, imageSize, format, valuePrecision } = options;
  const { shard, limit, batch, workers } = options;
  return {
    model: { technique, logAlphaThreshold, imageSize, format, valuePrecision },
    data: options.data,
    labels: options.labels,
    output: options.output ?? defaultOutput(given, shard),
    selection: { shard, limit },
    reading: { batch, workers, skipBad: options.skipBad ?? false },
    resume: options.resume ?? false,
  };
}

/** Named after the checkpoint's folder or archive, and the shard, so that results of many can lie together. */
function defaultOutput(checkpoint: string, shard: Shard | undefined): string {
  const own = basename(checkpoint).replace(/\.(tar|tar\.gz|tgz|index)$/, '');
  const name = own.startsWith('model.ckpt') ? basename(dirname(checkpoint)) : own;
  const part = shard ? `.${shard.index}-of-${shard.count}` : '';
  return `evaluation.${name}${part}.json`;
}
