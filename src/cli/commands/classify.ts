import { Command } from '@commander-js/extra-typings';
import { DataError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { requireOutput } from '../../io/files/output.ts';
import { imageNetClasses } from '../../io/pictures/imagenet-classes.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { type Classification, classifyToFile, nameClasses } from '../../models/resnet50/classify-to-file.ts';
import type { ResNetConfig } from '../../models/resnet50/config.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
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
import { inputFile, wholeNumber } from '../arguments/values.ts';
import { describeResNet } from '../report/describe-resnet.ts';
import { adviceToResume, noteStart } from '../report/resume-notes.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { readClassNames } from '../session/class-names.ts';
import { countSelected } from '../session/count-selected.ts';
import { checkpointFor } from '../session/published.ts';
import { withResNet } from '../session/resnet-session.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';

export const classifyCommand = new Command('classify')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .argument('<pictures...>', 'JPEG files, folders of them, or TFRecord files')
  .option(
    '--labels <file>',
    "Names of the classes, one a line, from class 0 on; by default ImageNet's where there are as many",
    inputFile,
  )
  .option('--top <n>', 'Classes to name for each picture', wholeNumber(1), 5)
  .option('--batch <n>', 'Pictures a batch', wholeNumber(1), 8)
  .option('--workers <n>', 'Threads that decode pictures; 0 for none', wholeNumber(0))
  .option('--skip-bad', 'Take pictures that cannot be used for no failure')
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .addOption(IMAGE_SIZE)
  .addOption(FORMAT)
  .addOption(VALUE_PRECISION)
  .option('--output <file>', 'Also write one JSON object a line into a file')
  .addOption(RESUME)
  .addOption(FORCE)
  .option('--json', 'Print one JSON object a line');

classifyCommand.action(async (given, paths, args) => {
  if (args.resume && args.output === undefined) {
    throw new ArgumentError('--resume needs the --output of the run that was interrupted');
  }
  const { force: replace = false, resume = false } = args;
  const { top, batch, workers, technique, logAlphaThreshold, imageSize, format, valuePrecision } = args;
  const options = { top, batch, workers, skipBad: true, onNote: note };
  const path = await checkpointFor(given, args);
  // What is cheap to find wrong is found before the model is loaded.
  const inputs = [...(await checkpointInputs(path)), args.labels];
  if (args.output !== undefined) await requireOutput(args.output, { inputs: [...inputs, ...paths] });
  const pictures = await openPictures(paths, { unlabelled: true });
  const place =
    args.output === undefined
      ? undefined
      : await requireOutput(args.output, { inputs: pictures.files, replace: replace || resume });
  for (const each of pictures.notes) note(each);
  // Only whether there is any picture.
  await countSelected(pictures, { limit: 1 }, paths);
  const names = args.labels === undefined ? undefined : await readClassNames(args.labels);
  const check = ({ classes }: ResNetConfig) => requireNameForEach(classes, names, args.labels);
  let bad = 0;
  const show = async (batch: readonly Classification[]) => {
    for (const each of batch) {
      if (args.json) await printJson(each);
      else await printText(asText(each));
    }
    bad += batch.filter((each) => 'reason' in each).length;
  };
  const weights = { checkpoint: path, technique, logAlphaThreshold, imageSize, format, valuePrecision };
  await interruptible((signal, advise) =>
    withResNet({ ...weights, signal, check }, async ({ gpu, model }) => {
      note(`${describeResNet(model)}, on ${gpu.describe()}`);
      noteUnusedThreshold(model.config.technique, weights.logAlphaThreshold);
      const classification = { ...options, names: names ?? usualNames(model.config.classes), signal };
      const { output } = args;
      if (output === undefined) {
        for await (const batch of nameClasses(model, pictures, classification)) await show(batch);
        return;
      }
      let kept = 0;
      const onBatch = async (batch: readonly Classification[]) => {
        kept += batch.length;
        if (kept > 0 && place?.kind === 'file') advise(adviceToResume(`${kept} pictures`, output));
        await show(batch);
      };
      await classifyToFile(model, pictures, {
        ...classification,
        output,
        inputs,
        resume,
        replace,
        checkpoint: (await checkpointDigest(path)).sha256,
        data: await pictureSetDigest(pictures, args.labels),
        async onStart(start) {
          noteStart({ ...start, resumed: start.resumed.length }, { items: 'pictures', output, resume });
          await onBatch(start.resumed);
        },
        onBatch,
      });
    }),
  );
  if (bad > 0 && !args.skipBad) {
    throw new DataError(`${bad} pictures could not be classified; with --skip-bad that is no failure`);
  }
});

function asText(each: Classification): string {
  const place = each.record === 0 ? each.file : `${each.file}, record ${each.record}`;
  if ('reason' in each) return `${printable(place)}\n  not classified: ${printable(each.reason)}\n`;
  const lines = each.classes.map(
    ({ class: index, name, probability }) =>
      `  ${(100 * probability).toFixed(2).padStart(6)} %  ${printable(name ?? `class ${index}`)}\n`,
  );
  return `${printable(place)}\n${lines.join('')}`;
}

/** ImageNet's, where the network has as many classes, or one more for what is none of them. */
function usualNames(classes: number): string[] | undefined {
  const names = imageNetClasses().map(({ name }) => name);
  if (classes === names.length) return names;
  return classes === names.length + 1 ? ['background', ...names] : undefined;
}

function requireNameForEach(classes: number, names: readonly string[] | undefined, file = ''): void {
  if (names === undefined || names.length === classes) return;
  throw new DataError(`has ${names.length} class names, the network has ${classes} classes`, { file });
}
