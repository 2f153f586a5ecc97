import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { requireOutput } from '../../io/files/output.ts';
import { decodesFileName } from '../../models/transformer/decodes-name.ts';
import { MAX_BEAM, type Transformer } from '../../models/transformer/model.ts';
import {
  countBroken,
  joinLines,
  splitLines,
  translateToFile,
} from '../../models/transformer/translate-file.ts';
import { type TranslateLinesOptions, translateLines } from '../../models/transformer/translate-lines.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import {
  CHECKPOINT,
  FORMAT,
  LOG_ALPHA_THRESHOLD,
  TECHNIQUE,
  VALUE_PRECISION,
} from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { FORCE, RESUME } from '../arguments/output-options.ts';
import { inputFile, number, wholeNumber } from '../arguments/values.ts';
import { noteLongSources } from '../report/long-sources.ts';
import { adviceToResume, noteStart } from '../report/resume-notes.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import {
  describeModel,
  describeSpeed,
  NOTHING_TRANSLATED,
  type TranslationRun,
  translationReport,
} from '../report/translation-report.ts';
import { digestInputs, type InputDigests, readInput } from '../session/input-files.ts';
import { checkpointFor, namedText, requireTexts, vocabularyFor } from '../session/published.ts';
import { type Session, withTransformer } from '../session/transformer-session.ts';
import { type Advise, interruptible } from '../terminal/interrupt.ts';
import { note, print, printJson } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

export const translateCommand = new Command('translate')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .option('--vocab <file>', 'Subword vocabulary; that of published Transformers is fetched', inputFile)
  .option('--input <file>', 'Sentences, one a line, or newstest2014, which is fetched; else stdin', inputFile)
  .option(
    '--output <path>',
    'Translations; else stdout. In a directory the file gets the name that Tensor2Tensor gives it',
  )
  .option('--beam <n>', 'Hypotheses kept; 1 is greedy', wholeNumber(1, MAX_BEAM), 4)
  .option('--alpha <number>', 'Exponent of the length penalty', number, 0.6)
  .option(
    '--extra-length <n>',
    'Most tokens beyond the longest source of a batch, 100 unless given',
    wholeNumber(),
  )
  .addOption(
    new Option(
      '--legacy-length',
      'At most 2L + 50 tokens, L the longest source of a batch, as before Tensor2Tensor 1.15',
    ).conflicts('extraLength'),
  )
  .option('--batch <n>', 'Sentences a batch', wholeNumber(1), 32)
  .option('--limit <n>', 'Only so many lines from the top', wholeNumber(1))
  .option('--max-input <n>', 'Cut sources off at so many ids', wholeNumber(1))
  .option(
    '--heads <n>',
    'Attention heads; by default from an hparams.json beside the checkpoint, else 8',
    wholeNumber(1),
  )
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .addOption(FORMAT)
  .addOption(VALUE_PRECISION)
  .addOption(RESUME)
  .addOption(FORCE)
  .option('--json', 'Print one JSON object with everything about the run');

type Options = ReturnType<typeof translateCommand.opts>;

translateCommand.action(async (given, args) => {
  const request = await withPaths(readRequest(given, args), args);
  // What is cheap to find wrong is found before anything is read, or the model loaded.
  const { checkpoint, vocabulary } = request.model;
  const inputs = [...(await checkpointInputs(checkpoint)), vocabulary, request.input];
  const isKept = await requireWritable(request, inputs);
  const input = await readInput(request.input);
  const lines = splitLines(input.text).slice(0, request.limit);
  const digests = await digestInputs(request.model.checkpoint, request.model.vocabulary, {
    path: request.input ?? null,
    sha256: input.sha256,
  });
  await interruptible((signal, advise) =>
    withTransformer({ ...request.model, signal }, async (session) => {
      note(`${describeModel(session.model)}, on ${session.gpu.describe()}`);
      noteUnusedThreshold(session.model.config.technique, request.model.logAlphaThreshold);
      if (request.search.maxInput === undefined) noteLongSources(lines, session.vocabulary);
      const output = await outputPath(request, session.model);
      const run = await translate(
        { ...request, inputs, isKept, output, lines, digests, signal, advise },
        session,
      );
      note(describeSpeed(run.progress));
      const broken = countBroken(run.translations);
      if (broken > 0) note(`${broken} translations had line feeds in them, which became blanks`);
      const options = { ...request.search, limit: request.limit, format: request.model.format };
      if (args.json) await printJson(await translationReport(options, digests, session, run));
      else if (output === undefined) await print(joinLines(run.translations));
    }),
  );
});

type AskedRequest = ReturnType<typeof readRequest>;
type Request = Awaited<ReturnType<typeof withPaths>>;

/** Files that the run reads. */
type Inputs = readonly (string | undefined)[];

function readRequest(checkpoint: string, options: Options) {
  if (options.resume && options.output === undefined) {
    throw new ArgumentError('--resume needs the --output of the run that was interrupted');
  }
  const { vocab: vocabulary, technique, logAlphaThreshold, heads, format, valuePrecision } = options;
  const { beam, alpha, extraLength = 100, legacyLength, batch, maxInput } = options;
  const length = legacyLength ? { legacyLength } : { extraLength };
  return {
    model: { checkpoint, vocabulary, technique, logAlphaThreshold, heads, format, valuePrecision },
    search: { beam, alpha, ...length, batch, maxInput },
    input: options.input,
    output: options.output,
    limit: options.limit,
    resume: options.resume ?? false,
    replace: options.force ?? false,
  };
}

/** Gets what is given by name, once what is given by path is known to be there. */
async function withPaths({ model, input, ...rest }: AskedRequest, options: Options) {
  await requireTexts(input, model.vocabulary);
  return {
    ...rest,
    input: input && (await namedText(input, 'source', options)),
    model: {
      ...model,
      vocabulary: await vocabularyFor(model.vocabulary, model.checkpoint, options),
      checkpoint: await checkpointFor(model.checkpoint, options),
    },
  };
}

/**
 * @returns whether finished batches are kept while the rest is done.
 * @throws {UsageError} where translations cannot be written to where they are to go.
 */
async function requireWritable(request: Request, inputs: Inputs): Promise<boolean> {
  const { input, output, resume, replace } = request;
  if (output === undefined) return false;
  if (!(await isDirectory(output))) {
    return (await requireOutput(output, { inputs, replace: replace || resume })).kind === 'file';
  }
  if (input === undefined) throw new UsageError(`${output}: is a directory; with stdin give a file name`);
  // How the file will be called depends on the model; whether one can be made does not depend on how it is called.
  await requireOutput(join(output, `${basename(input)}.decodes`), { inputs });
  return true;
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

interface Job extends Request {
  readonly inputs: Inputs;
  readonly isKept: boolean;
  readonly lines: readonly string[];
  readonly digests: InputDigests;
  readonly signal: AbortSignal;
  readonly advise: Advise;
}

async function translate(job: Job, { model, vocabulary }: Session): Promise<TranslationRun> {
  const { output, lines, digests, resume, replace, signal, advise } = job;
  using shown = showProgress('translated');
  let progress = NOTHING_TRANSLATED;
  let resumed = 0;
  const adviseFrom = (done: number, sentences: number) => {
    if (job.isKept && output !== undefined)
      advise(adviceToResume(`${done} of ${sentences} sentences`, output));
  };
  const options: TranslateLinesOptions = {
    ...job.search,
    signal,
    onBatch(batch) {
      progress = batch.progress;
      const { sentencesDone, sentences, tokensPerSecond } = progress;
      shown.update(sentencesDone, sentences, `sentences, ${tokensPerSecond.toFixed(1)} tokens/s`);
      adviseFrom(sentencesDone, sentences);
    },
  };
  if (output === undefined) {
    return { translations: await translateLines(model, vocabulary, lines, options), progress, resumed };
  }
  const translations = await translateToFile(model, vocabulary, lines, {
    ...options,
    output,
    inputs: job.inputs,
    resume,
    replace,
    hashes: { checkpoint: digests.checkpoint.sha256, vocabulary: digests.vocabulary.sha256 },
    onStart(start) {
      resumed = start.resumed;
      noteStart(start, { items: 'sentences', output, resume });
      if (resumed > 0) adviseFrom(resumed, lines.length);
    },
  });
  return { translations, progress, resumed };
}
