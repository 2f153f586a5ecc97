import { basename, dirname } from 'node:path';
import { type ArgsDef, defineCommand, type ParsedArgs } from 'citty';
import { checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { requireWritable } from '../../io/files/atomic-file.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { pictureSetDigest } from '../../io/pictures/picture-set-digest.ts';
import { evaluateToFile } from '../../models/resnet50/evaluate-to-file.ts';
import { weightDecayLoss } from '../../models/resnet50/weight-decay.ts';
import {
  ArgumentError,
  CHECKPOINT_ARGUMENT,
  HOLDING_ARGUMENTS,
  repeatedOption,
  WEIGHT_ARGUMENTS,
  weightOptions,
  wholeOption,
} from '../arguments.ts';
import { describeEvaluation, describeRate, evaluationJson } from '../report/evaluation-report.ts';
import { note, print } from '../report/print.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { countSelected } from '../session/count-selected.ts';
import { interruptible } from '../session/interrupt.ts';
import { showProgress } from '../session/progress.ts';
import { describeResNet, withResNet } from '../session/resnet-session.ts';
import { adviceToResume, noteStart } from '../session/resume-notes.ts';

const ARGUMENTS = {
  checkpoint: CHECKPOINT_ARGUMENT,
  data: {
    type: 'string',
    required: true,
    valueHint: 'path',
    description:
      'A folder with TFRecord files validation-*, or with JPEG files; or such files, each after its own --data',
  },
  labels: {
    type: 'string',
    valueHint: 'file',
    description: 'Classes of JPEG files: lines "<picture> <class>", or one WordNet id a line',
  },
  output: {
    type: 'string',
    valueHint: 'file',
    description: 'The result, for tsos merge; by default evaluation.<checkpoint>.json in this folder',
  },
  batch: { type: 'string', default: '32', valueHint: 'n', description: 'Pictures a batch' },
  limit: { type: 'string', valueHint: 'n', description: 'Only so many pictures from the beginning' },
  shard: { type: 'string', valueHint: 'i/n', description: 'Only part i of n, i from 0' },
  workers: { type: 'string', valueHint: 'n', description: 'Threads that decode pictures; 0 for none' },
  'skip-bad': { type: 'boolean', description: 'Count pictures that cannot be used, instead of stopping' },
  ...WEIGHT_ARGUMENTS,
  ...HOLDING_ARGUMENTS,
  resume: { type: 'boolean', description: 'Go on where an interrupted run with the same output stopped' },
  json: { type: 'boolean', description: 'Print one JSON object with everything about the result' },
} as const satisfies ArgsDef;

export const evaluateCommand = defineCommand({
  meta: { name: 'evaluate', description: 'Measure the top-1 accuracy of a ResNet on ImageNet' },
  args: ARGUMENTS,
  async run({ args, rawArgs }) {
    const request = readRequest(args, repeatedOption(rawArgs, 'data'));
    const { selection, output, resume } = request;
    // What is cheap to find wrong is found before the model is loaded.
    await requireWritable(output);
    const pictures = await openPictures(request.data, { labels: request.labels });
    for (const each of pictures.notes) note(each);
    const total = await countSelected(pictures, selection, request.data);
    const data = await pictureSetDigest(pictures, request.labels);
    const { sha256 } = await checkpointDigest(args.checkpoint);
    await interruptible((signal, advise) =>
      withResNet({ ...request.model, signal }, async ({ gpu, checkpoint, model }) => {
        note(`${describeResNet(model)}, on ${gpu.describe()}; ${total} pictures`);
        noteUnusedThreshold(model.config.technique, request.model.logAlphaThreshold);
        using shown = showProgress('evaluated');
        const adviseFrom = (seen: number) => advise(adviceToResume(`${seen} of ${total} pictures`, output));
        const part = await evaluateToFile(model, pictures, {
          ...selection,
          ...request.reading,
          output,
          resume,
          signal,
          checkpoint: sha256,
          data,
          weightDecayLoss: await weightDecayLoss(checkpoint, model.config),
          adapter: gpu.describe(),
          onNote: note,
          onStart(start) {
            noteStart(start, { items: 'pictures', output, resume });
            if (start.resumed > 0) adviseFrom(start.resumed);
          },
          onProgress(progress) {
            adviseFrom(progress.seen);
            shown.update(progress.seen, total, describeRate(progress));
          },
        });
        await print(args.json ? await evaluationJson(part) : describeEvaluation(part, output));
      }),
    );
  },
});

function readRequest(args: ParsedArgs<typeof ARGUMENTS>, data: string[]) {
  const shard = shardOption(args.shard);
  return {
    model: {
      checkpoint: args.checkpoint,
      ...weightOptions(args),
      format: args.format,
      valuePrecision: args['value-precision'],
    },
    data,
    labels: args.labels,
    output: args.output ?? defaultOutput(args.checkpoint, shard),
    selection: { shard, limit: wholeOption('limit', args.limit, 1) },
    reading: {
      batch: wholeOption('batch', args.batch, 1),
      skipBad: args['skip-bad'] ?? false,
      workers: wholeOption('workers', args.workers, 0),
    },
    resume: args.resume ?? false,
  };
}

interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Part `i/n` of a work, i from 0. @throws {ArgumentError} where it is none. */
export function shardOption(value: string | undefined): Shard | undefined {
  if (value === undefined) return undefined;
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(value)?.map(Number) ?? [];
  if (index === undefined || index >= count) {
    throw new ArgumentError(`--shard is "${value}"; it must be i/n with i from 0 to n - 1`);
  }
  return { index, count };
}

/** Named after the checkpoint's folder or archive, and the shard, so that results of many can lie together. */
function defaultOutput(checkpoint: string, shard: Shard | undefined): string {
  const own = basename(checkpoint).replace(/\.(tar|tar\.gz|tgz|index)$/, '');
  const name = own.startsWith('model.ckpt') ? basename(dirname(checkpoint)) : own;
  const part = shard ? `.${shard.index}-of-${shard.count}` : '';
  return `evaluation.${name}${part}.json`;
}
