import { readFile } from 'node:fs/promises';
import { type ArgsDef, defineCommand } from 'citty';
import { DataError } from '../../base/errors.ts';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { requireWritable } from '../../io/files/atomic-file.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { type Classification, classifyToFile, nameClasses } from '../../models/resnet50/classify-to-file.ts';
import type { ResNetConfig } from '../../models/resnet50/config.ts';
import {
  ANY_NUMBER,
  ArgumentError,
  CHECKPOINT_ARGUMENT,
  HOLDING_ARGUMENTS,
  WEIGHT_ARGUMENTS,
  weightOptions,
  wholeOption,
} from '../arguments.ts';
import { note, print } from '../report/print.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { interruptible } from '../session/interrupt.ts';
import { describeResNet, withResNet } from '../session/resnet-session.ts';
import { adviceToResume, noteStart } from '../session/resume-notes.ts';

const ARGUMENTS = {
  checkpoint: CHECKPOINT_ARGUMENT,
  pictures: {
    type: 'positional',
    required: true,
    valueHint: ANY_NUMBER,
    description: 'JPEG files, folders of them, or TFRecord files',
  },
  labels: {
    type: 'string',
    valueHint: 'file',
    description: 'Names of the classes, one a line, from class 0 on',
  },
  top: { type: 'string', default: '5', valueHint: 'n', description: 'Classes to name for each picture' },
  batch: { type: 'string', default: '8', valueHint: 'n', description: 'Pictures a batch' },
  workers: { type: 'string', valueHint: 'n', description: 'Threads that decode pictures; 0 for none' },
  'skip-bad': { type: 'boolean', description: 'Name pictures that cannot be used, instead of stopping' },
  ...WEIGHT_ARGUMENTS,
  ...HOLDING_ARGUMENTS,
  output: { type: 'string', valueHint: 'file', description: 'Also write one JSON object a line into a file' },
  resume: { type: 'boolean', description: 'Go on where an interrupted run with --output stopped' },
  json: { type: 'boolean', description: 'Print one JSON object a line' },
} as const satisfies ArgsDef;

export const classifyCommand = defineCommand({
  meta: { name: 'classify', description: 'Name what is in pictures with a ResNet' },
  args: ARGUMENTS,
  async run({ args }) {
    if (args.resume && args.output === undefined) {
      throw new ArgumentError('--resume needs the --output of the run that was interrupted');
    }
    const [, ...paths] = args._;
    const options = {
      top: wholeOption('top', args.top, 1) ?? 5,
      batch: wholeOption('batch', args.batch, 1),
      skipBad: args['skip-bad'] ?? false,
      workers: wholeOption('workers', args.workers, 0),
      onNote: note,
    };
    const weights = {
      checkpoint: args.checkpoint,
      ...weightOptions(args),
      format: args.format,
      valuePrecision: args['value-precision'],
    };
    // What is cheap to find wrong is found before the model is loaded.
    if (args.output !== undefined) await requireWritable(args.output);
    const pictures = await openPictures(paths, { unlabelled: true });
    for (const each of pictures.notes) note(each);
    const names = args.labels === undefined ? undefined : await readClassNames(args.labels);
    const check = ({ classes }: ResNetConfig) => requireNameForEach(classes, names, args.labels);
    const show = async (batch: readonly Classification[]) => {
      for (const each of batch) await print(args.json ? `${JSON.stringify(each)}\n` : asText(each));
    };
    await interruptible((signal, advise) =>
      withResNet({ ...weights, signal, check }, async ({ gpu, model }) => {
        note(`${describeResNet(model)}, on ${gpu.describe()}`);
        noteUnusedThreshold(model.config.technique, weights.logAlphaThreshold);
        const classification = { ...options, names, signal };
        const { output, resume = false } = args;
        if (output === undefined) {
          for await (const batch of nameClasses(model, pictures, classification)) await show(batch);
          return;
        }
        let kept = 0;
        const onBatch = async (batch: readonly Classification[]) => {
          kept += batch.length;
          if (kept > 0) advise(adviceToResume(`${kept} pictures`, output));
          await show(batch);
        };
        await classifyToFile(model, pictures, {
          ...classification,
          output,
          resume,
          checkpoint: (await checkpointDigest(args.checkpoint)).sha256,
          data: await pictureSetDigest(pictures, args.labels),
          async onStart({ resumed, discarded }) {
            noteStart({ resumed: resumed.length, discarded }, { items: 'pictures', output, resume });
            await onBatch(resumed);
          },
          onBatch,
        });
      }),
    );
  },
});

function asText(each: Classification): string {
  const place = each.record === 0 ? each.file : `${each.file}, record ${each.record}`;
  if ('reason' in each) return `${place}\n  not classified: ${each.reason}\n`;
  const lines = each.classes.map(
    ({ class: index, name, probability }) =>
      `  ${(100 * probability).toFixed(2).padStart(6)} %  ${name ?? `class ${index}`}\n`,
  );
  return `${place}\n${lines.join('')}`;
}

/** Lines `name`, or `n01440764 name`. */
async function readClassNames(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new DataError(`the class names cannot be read (${cause.message})`, { file }, { cause });
  });
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.trim().replace(/^n\d{8}\s+/, ''));
}

function requireNameForEach(classes: number, names: readonly string[] | undefined, file = ''): void {
  if (names === undefined || names.length === classes) return;
  throw new DataError(`has ${names.length} class names, the network has ${classes} classes`, { file });
}
