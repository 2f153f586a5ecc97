import { readFile } from 'node:fs/promises';
import { type ArgsDef, defineCommand } from 'citty';
import { DataError } from '../errors.ts';
import { replaceableFile, writeFileAtomic } from '../io/atomic-file.ts';
import { checkpointDigest } from '../io/checkpoint-digest.ts';
import { Journal } from '../io/journal.ts';
import { type OpenedPictures, openPictures } from '../io/pictures/open-pictures.ts';
import { readPictures } from '../io/pictures/read-pictures.ts';
import { mostProbable } from '../metrics/classification.ts';
import { batches, classifyBatch } from '../models/resnet50/evaluate.ts';
import { pictureSetDigest } from '../models/resnet50/evaluate-to-file.ts';
import type { ResNet50 } from '../models/resnet50/model.ts';
import {
  ANY_NUMBER,
  ArgumentError,
  CHECKPOINT_ARGUMENT,
  numberOption,
  techniqueOption,
  WEIGHT_ARGUMENTS,
  wholeOption,
} from './arguments.ts';
import { interruptible } from './interrupt.ts';
import { note, print } from './print.ts';
import { describeResNet, withResNet } from './resnet-session.ts';

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
  'skip-bad': { type: 'boolean', description: 'Name pictures that cannot be used, instead of stopping' },
  ...WEIGHT_ARGUMENTS,
  output: { type: 'string', valueHint: 'file', description: 'Also write one JSON object a line into a file' },
  resume: { type: 'boolean', description: 'Go on where an interrupted run with --output stopped' },
  json: { type: 'boolean', description: 'Print one JSON object a line' },
} as const satisfies ArgsDef;

/** What the network says of one picture, or why it says nothing. */
export type Classification = { readonly file: string; readonly record: number } & (
  | { readonly classes: readonly { class: number; name: string | null; probability: number }[] }
  | { readonly error: string }
);

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
      batch: wholeOption('batch', args.batch, 1) ?? 8,
      skipBad: args['skip-bad'] ?? false,
    };
    const names = args.labels === undefined ? undefined : await readClassNames(args.labels);
    const pictures = await openPictures(paths, { unlabelled: true });
    const weights = {
      technique: techniqueOption(args.technique),
      logAlphaThreshold: numberOption('log-alpha-threshold', args['log-alpha-threshold']),
    };
    await interruptible((signal, advise) =>
      withResNet({ checkpoint: args.checkpoint, ...weights, signal }, async ({ gpu, model }) => {
        note(`${describeResNet(model)}, on ${gpu.describe()}`);
        checkNames(names, model, args.labels);
        const show = (each: Classification) => print(args.json ? `${JSON.stringify(each)}\n` : asText(each));
        const job = { model, pictures, names, signal, ...options };
        if (args.output === undefined) {
          for await (const each of classify(job, 0)) for (const one of each) await show(one);
          return;
        }
        const identity = {
          checkpoint: (await checkpointDigest(args.checkpoint)).sha256,
          data: await pictureSetDigest(pictures, args.labels),
          threshold: model.config.threshold?.value ?? null,
          ...options,
        };
        await classifyToFile(job, identity, args.output, args.resume ?? false, show, advise);
      }),
    );
  },
});

interface Job {
  readonly model: ResNet50;
  readonly pictures: OpenedPictures;
  readonly names: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly top: number;
  readonly batch: number;
  readonly skipBad: boolean;
}

/** Batch by batch, from a picture on. */
async function* classify(job: Job, skip: number): AsyncGenerator<Classification[], void> {
  const { model, pictures, names, signal, top, batch, skipBad } = job;
  for await (const items of batches(readPictures(pictures, { skip, ahead: 2 * batch }), batch)) {
    signal.throwIfAborted();
    const bad = items.find((item) => 'error' in item);
    if (bad && 'error' in bad && !skipBad) throw bad.error;
    const good = items.filter((item) => 'pixels' in item);
    const logits = await classifyBatch(model, good);
    yield items.map((item) => {
      const { file, record } = item;
      if ('error' in item) return { file, record, error: item.error.message };
      const best = mostProbable(logits[good.indexOf(item)], top);
      return { file, record, classes: best.map((each) => ({ name: names?.[each.class] ?? null, ...each })) };
    });
  }
}

/** As `classify`, into a file that appears whole; finished batches are kept in `<output>.partial`. */
async function classifyToFile(
  job: Job,
  identity: Readonly<Record<string, string | number | boolean | null>>,
  output: string,
  resume: boolean,
  show: (each: Classification) => Promise<void>,
  advise: (advice: string) => void,
): Promise<void> {
  await replaceableFile(output);
  const journal = await Journal.open(`${output}.partial`, identity, { resume });
  try {
    const done = journal.records.flat() as Classification[];
    for (const each of done) await show(each);
    for await (const batch of classify(job, done.length)) {
      await journal.append(batch);
      done.push(...batch);
      advise(`${done.length} pictures are kept in ${journal.path}, run the same with --resume to go on`);
      for (const each of batch) await show(each);
    }
    await writeFileAtomic(output, done.map((each) => `${JSON.stringify(each)}\n`).join(''));
    await journal.remove();
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}

function asText(each: Classification): string {
  const place = each.record === 0 ? each.file : `${each.file}, record ${each.record}`;
  if ('error' in each) return `${place}\n  not classified: ${each.error}\n`;
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

function checkNames(names: readonly string[] | undefined, model: ResNet50, file: string | undefined): void {
  if (names === undefined || names.length === model.config.classes) return;
  throw new DataError(`has ${names.length} class names, the network has ${model.config.classes} classes`, {
    file: file!,
  });
}
