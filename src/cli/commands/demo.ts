import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { DataError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Gpu } from '../../graph/open-gpu.ts';
import { readText } from '../../io/files/read-file.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { nameClasses } from '../../models/resnet50/classify-to-file.ts';
import { splitLines } from '../../models/transformer/translate-file.ts';
import { type TranslationProgress, translateLines } from '../../models/transformer/translate-lines.ts';
import { readSummary } from '../../study/summary-table.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { inputFile } from '../arguments/values.ts';
import { describeResNet } from '../report/describe-resnet.ts';
import { studyTable } from '../report/study-table.ts';
import { describeModel, describeSpeed } from '../report/translation-report.ts';
import { readClassNames } from '../session/class-names.ts';
import { readInput } from '../session/input-files.ts';
import { withResNet } from '../session/resnet-session.ts';
import { withTransformer } from '../session/transformer-session.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { printText } from '../terminal/print.ts';

/** Only the top of a given text is translated, and not at length, so that this ends soon on a slow adapter too. */
const MAX_SENTENCES = 4;
const EXTRA_LENGTH = 10;
/** Classes to name of a given picture. */
const CLASSES = 3;

/** Made as demo/README.md says. */
const EMBEDDED = {
  transformer: inDemo('transformer.tar.gz'),
  vocabulary: inDemo('vocabulary.subwords'),
  sentences: inDemo('sentences.en'),
  translations: inDemo('sentences.de'),
  resnet: inDemo('resnet18.tar.gz'),
  classes: inDemo('classes.txt'),
  pictures: inDemo('pictures'),
  results: { transformer: inDemo('results/transformer.csv'), resnet: inDemo('results/rn50.csv') },
};

export const demoCommand = new Command('demo')
  .argument('[checkpoint]', 'As for translate or classify; else the embedded ones')
  .option('--vocab <file>', 'Subword vocabulary of a given Transformer', inputFile)
  .option('--input <file>', `Sentences; the first ${MAX_SENTENCES} count`, inputFile)
  .option('--picture <file>', 'JPEG file for a given ResNet', inputFile);

demoCommand.action(async (checkpoint, { vocab, input, picture }) => {
  if (checkpoint === undefined) {
    if ((vocab ?? input ?? picture) !== undefined) {
      throw new ArgumentError('give a checkpoint for what else is given, or nothing for the embedded models');
    }
    return interruptible(showEmbedded);
  }
  const isTransformer = vocab !== undefined && picture === undefined;
  const isResNet = picture !== undefined && vocab === undefined && input === undefined;
  if (!isTransformer && !isResNet) {
    throw new ArgumentError('give a Transformer with its --vocab, or a ResNet with a --picture');
  }
  await interruptible(async (signal) => {
    if (vocab !== undefined) {
      const lines = input === undefined ? OWN_SENTENCES : splitLines((await readInput(input)).text);
      await translateSome({ checkpoint, vocabulary: vocab }, lines.slice(0, MAX_SENTENCES), signal);
    }
    if (picture !== undefined) await classifyAll({ checkpoint, pictures: picture, top: CLASSES }, signal);
    await printText(nextCommands({ checkpoint, vocab, picture }));
  });
});

async function showEmbedded(signal: AbortSignal): Promise<void> {
  await printText(WHAT_IS_SHOWN);
  const { transformer, vocabulary, sentences, translations, resnet, classes, pictures, results } = EMBEDDED;
  const [lines, expected] = await Promise.all(
    [sentences, translations].map(async (file) => splitLines(await readText(file))),
  );
  await translateSome({ checkpoint: transformer, vocabulary }, lines, signal, expected);
  const names = await readClassNames(classes);
  await classifyAll({ checkpoint: resnet, pictures, names, top: 1 }, signal);
  await printText(`
Sentences of 1,000 that are translated word by word as they should be, in percent, and at which share of zeros:

${studyTable(await readSummary(results.transformer), 'exactMatch')}
Pictures of 1,000 whose class is found:

${studyTable(await readSummary(results.resnet), 'top1')}${nextCommands({})}`);
}

async function translateSome(
  files: { checkpoint: string; vocabulary: string },
  lines: readonly string[],
  signal: AbortSignal,
  expected?: readonly string[],
): Promise<void> {
  await withTransformer({ ...files, signal }, async ({ gpu, model, vocabulary, loadSeconds }) => {
    await printText(heading(files.checkpoint, describeModel(model), loadSeconds, gpu));
    let progress: TranslationProgress | undefined;
    const translations = await translateLines(model, vocabulary, lines, {
      extraLength: EXTRA_LENGTH,
      signal,
      onBatch(batch) {
        progress = batch.progress;
      },
    });
    const pairs = translations.map(({ source, translation }, i) => {
      const wrong =
        expected === undefined || expected[i] === translation ? '' : `\n  (should be: ${expected[i]})`;
      return `\n  ${printable(source)}\n  → ${printable(translation)}${wrong}\n`;
    });
    await printText(
      `${pairs.join('')}\n${progress === undefined ? 'nothing to translate' : describeSpeed(progress)}\n\n`,
    );
  });
}

interface PicturesRequest {
  readonly checkpoint: string;
  /** A file, or a folder of them. */
  readonly pictures: string;
  readonly names?: readonly string[];
  /** Classes to name of each. */
  readonly top: number;
}

async function classifyAll(
  { checkpoint, pictures, names, top }: PicturesRequest,
  signal: AbortSignal,
): Promise<void> {
  await withResNet({ checkpoint, signal }, async ({ gpu, model, loadSeconds }) => {
    await printText(heading(checkpoint, describeResNet(model), loadSeconds, gpu));
    const source = await openPictures([pictures], { unlabelled: true });
    const started = performance.now();
    let count = 0;
    for await (const batch of nameClasses(model, source, { top, names, workers: 0, signal })) {
      for (const each of batch) {
        if ('reason' in each) throw new DataError(each.reason, { file: each.file });
        const lines = each.classes.map(({ class: index, name, probability }) => {
          const share = (100 * probability).toFixed(2).padStart(6);
          return `  ${share} %  ${printable(name ?? `class ${index}`)}`;
        });
        await printText(`\n  ${printable(basename(each.file))}\n${lines.join('\n')}\n`);
      }
      count += batch.length;
    }
    const seconds = (performance.now() - started) / 1000;
    await printText(
      `\n${count} ${count === 1 ? 'picture' : 'pictures'} in ${seconds.toFixed(1)} s, the compilation of their kernels included\n`,
    );
  });
}

function heading(checkpoint: string, model: string, loadSeconds: number, gpu: Gpu): string {
  return `model    ${printable(checkpoint)}\n         ${model}, loaded in ${loadSeconds.toFixed(1)} s\nadapter  ${gpu.describe()}\n`;
}

function inDemo(file: string): string {
  return fileURLToPath(new URL(`../../../demo/${file}`, import.meta.url));
}

const WHAT_IS_SHOWN = `Two small models that this program has trained ("npm run study" does it again), 90 % of whose weights are pruned: one translates
English that is made by rules, the other tells digits and shapes. No training has seen what they are given here.

`;

/** For a model of which nothing else is known. */
const OWN_SENTENCES = [
  'The state of sparsity in deep neural networks.',
  'This begins with the wedding clothing.',
  'But it was not for everyone.',
];

/** How this is called from source and as installed. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'npm run tsos --' : 'npx tsos';

function nextCommands(given: {
  checkpoint?: string | undefined;
  vocab?: string | undefined;
  picture?: string | undefined;
}): string {
  const { checkpoint = '<checkpoint or .tar>', vocab = '<file>', picture } = given;
  const translate = `${PROGRAM} translate ${checkpoint} --vocab ${vocab} --input <file> --output <file>`;
  const classify = `${PROGRAM} classify ${checkpoint} <picture.jpg …>`;
  if (given.vocab !== undefined) return `\nNext: ${translate}\n`;
  return picture !== undefined ? `\nNext: ${classify}\n` : `\nNext: ${translate}\n      ${classify}\n`;
}
