import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ArgsDef, defineCommand, type ParsedArgs } from 'citty';
import { UsageError } from '../../base/errors.ts';
import { requireWritable } from '../../io/files/atomic-file.ts';
import { decodesFileName } from '../../models/transformer/decodes-name.ts';
import type { Transformer } from '../../models/transformer/model.ts';
import { joinLines, splitLines, translateToFile } from '../../models/transformer/translate-file.ts';
import { type TranslateLinesOptions, translateLines } from '../../models/transformer/translate-lines.ts';
import {
  ArgumentError,
  CHECKPOINT_ARGUMENT,
  HOLDING_ARGUMENTS,
  numberOption,
  WEIGHT_ARGUMENTS,
  weightOptions,
  wholeOption,
} from '../arguments.ts';
import { note, print } from '../report/print.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import {
  describeModel,
  describeSpeed,
  NOTHING_TRANSLATED,
  type TranslationRun,
  translationReport,
} from '../report/translation-report.ts';
import { digestInputs, type InputDigests, readInput } from '../session/input-files.ts';
import { type Advise, interruptible } from '../session/interrupt.ts';
import { noteLongSources } from '../session/long-sources.ts';
import { showProgress } from '../session/progress.ts';
import { type Session, withTransformer } from '../session/transformer-session.ts';

const ARGUMENTS = {
  checkpoint: CHECKPOINT_ARGUMENT,
  vocab: {
    type: 'string',
    required: true,
    valueHint: 'file',
    description: 'Subword vocabulary of the model',
  },
  input: { type: 'string', valueHint: 'file', description: 'Sentences, one a line; else stdin' },
  output: {
    type: 'string',
    valueHint: 'path',
    description:
      'Translations; else stdout. In a directory the file gets the name that Tensor2Tensor gives it',
  },
  beam: { type: 'string', default: '4', valueHint: 'n', description: 'Hypotheses kept; 1 is greedy' },
  alpha: {
    type: 'string',
    default: '0.6',
    valueHint: 'number',
    description: 'Exponent of the length penalty',
  },
  'extra-length': {
    type: 'string',
    valueHint: 'n',
    description: 'Most tokens beyond the longest source of a batch, 100 unless given',
  },
  'legacy-length': {
    type: 'boolean',
    description: 'At most 2L + 50 tokens, L the longest source of a batch, as before Tensor2Tensor 1.15',
  },
  batch: { type: 'string', default: '32', valueHint: 'n', description: 'Sentences a batch' },
  limit: { type: 'string', valueHint: 'n', description: 'Only so many lines from the top' },
  'max-input': { type: 'string', valueHint: 'n', description: 'Cut sources off at so many ids' },
  heads: {
    type: 'string',
    valueHint: 'n',
    description: 'Attention heads; by default from an hparams.json beside the checkpoint, else 8',
  },
  ...WEIGHT_ARGUMENTS,
  ...HOLDING_ARGUMENTS,
  resume: { type: 'boolean', description: 'Go on where an interrupted run with --output stopped' },
  json: { type: 'boolean', description: 'Print one JSON object with everything about the run' },
} as const satisfies ArgsDef;

export const translateCommand = defineCommand({
  meta: { name: 'translate', description: 'Translate sentences with a Transformer' },
  args: ARGUMENTS,
  async run({ args }) {
    const request = readRequest(args);
    // What is cheap to find wrong is found before anything is read, or the model loaded.
    await requireOutput(request);
    const input = await readInput(args.input);
    const lines = splitLines(input.text).slice(0, request.limit);
    const digests = await digestInputs(args.checkpoint, args.vocab, {
      path: args.input ?? null,
      sha256: input.sha256,
    });
    await interruptible((signal, advise) =>
      withTransformer({ ...request.model, signal }, async (session) => {
        note(`${describeModel(session.model)}, on ${session.gpu.describe()}`);
        noteUnusedThreshold(session.model.config.technique, request.model.logAlphaThreshold);
        if (request.search.maxInput === undefined) noteLongSources(lines, session.vocabulary);
        const output = await outputPath(request, session.model);
        if (output !== undefined) await assertNotRead(output, request);
        const run = await translate({ ...request, output, lines, digests, signal, advise }, session);
        note(describeSpeed(run.progress));
        const options = { ...request.search, limit: request.limit, format: request.model.format };
        if (args.json)
          await print(`${JSON.stringify(await translationReport(options, digests, session, run))}\n`);
        else if (output === undefined) await print(joinLines(run.translations));
      }),
    );
  },
});

type Request = ReturnType<typeof readRequest>;

function readRequest(args: ParsedArgs<typeof ARGUMENTS>) {
  if (args.resume && args.output === undefined) {
    throw new ArgumentError('--resume needs the --output of the run that was interrupted');
  }
  if (args['legacy-length'] && args['extra-length'] !== undefined) {
    throw new ArgumentError('--extra-length and --legacy-length exclude each other');
  }
  return {
    model: {
      checkpoint: args.checkpoint,
      vocabulary: args.vocab,
      ...weightOptions(args),
      heads: wholeOption('heads', args.heads, 1),
      format: args.format,
      valuePrecision: args['value-precision'],
    },
    search: {
      beam: wholeOption('beam', args.beam, 1),
      alpha: numberOption('alpha', args.alpha),
      extraLength: args['legacy-length']
        ? undefined
        : wholeOption('extra-length', args['extra-length'] ?? '100'),
      legacyLength: args['legacy-length'],
      batch: wholeOption('batch', args.batch, 1),
      maxInput: wholeOption('max-input', args['max-input'], 1),
    },
    input: args.input,
    output: args.output,
    limit: wholeOption('limit', args.limit, 1),
    resume: args.resume,
  };
}

/** @throws {UsageError} where translations cannot be written to where they are to go. */
async function requireOutput(request: Request): Promise<void> {
  const { input, output } = request;
  if (output === undefined) return;
  if (!(await isDirectory(output))) {
    await requireWritable(output);
    return assertNotRead(output, request);
  }
  if (input === undefined) throw new UsageError(`${output}: is a directory; with stdin give a file name`);
  // How the file will be called depends on the model; whether one can be made does not depend on how it is called.
  await requireWritable(join(output, `${basename(input)}.decodes`));
}

/** In a directory the file gets a name that tells the model. */
async function outputPath(
  { input, output, search }: Request,
  model: Transformer,
): Promise<string | undefined> {
  if (output === undefined || input === undefined || !(await isDirectory(output))) return output;
  return join(output, decodesFileName(basename(input), model.config, search));
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** @throws {UsageError} where the output would replace what the run reads. */
async function assertNotRead(output: string, { input: text, model }: Request): Promise<void> {
  const found = await stat(output).catch(() => undefined);
  if (found === undefined) return;
  for (const input of [text, model.vocabulary]) {
    const other = input === undefined ? undefined : await stat(input).catch(() => undefined);
    if (other?.ino === found.ino && other.dev === found.dev) {
      throw new UsageError(`${output}: is an input of this run too; name another file for the output`);
    }
  }
}

interface Job extends Request {
  readonly lines: readonly string[];
  readonly digests: InputDigests;
  readonly signal: AbortSignal;
  readonly advise: Advise;
}

async function translate(job: Job, { model, vocabulary }: Session): Promise<TranslationRun> {
  const { output, lines, digests, resume, signal, advise } = job;
  using shown = showProgress('translated');
  let progress = NOTHING_TRANSLATED;
  let resumed = 0;
  const options: TranslateLinesOptions = {
    ...job.search,
    signal,
    onBatch(batch) {
      progress = batch.progress;
      const { sentencesDone, sentences, tokensPerSecond } = progress;
      shown.update(sentencesDone, sentences, `sentences, ${tokensPerSecond.toFixed(1)} tokens/s`);
      if (output !== undefined) advise(adviceToResume(output, sentencesDone, sentences));
    },
  };
  if (output === undefined) {
    return { translations: await translateLines(model, vocabulary, lines, options), progress, resumed };
  }
  const translations = await translateToFile(model, vocabulary, lines, {
    ...options,
    output,
    resume,
    hashes: { checkpoint: digests.checkpoint.sha256, vocabulary: digests.vocabulary.sha256 },
    onStart(start) {
      resumed = start.resumed;
      if (resumed > 0) {
        note(`${resumed} of ${lines.length} sentences were translated before`);
        advise(adviceToResume(output, resumed, lines.length));
      } else if (start.discarded > 0) {
        note(
          `${output}.partial, which an interrupted run left, will be overwritten: to go on with it, stop this and use --resume`,
        );
      } else if (resume) note('there is nothing to resume, so this starts from the beginning');
    },
  });
  return { translations, progress, resumed };
}

function adviceToResume(output: string, done: number, sentences: number): string {
  return `${done} of ${sentences} sentences are kept in ${output}.partial, run the same with --resume to go on`;
}
