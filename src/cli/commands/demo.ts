import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { printable } from '../../base/printable.ts';
import type { Gpu } from '../../graph/open-gpu.ts';
import { openPictures } from '../../io/pictures/open-pictures.ts';
import { readPictures } from '../../io/pictures/read-pictures.ts';
import { mostProbable } from '../../metrics/classification.ts';
import { logitsOfEach } from '../../models/resnet50/classify.ts';
import { splitLines } from '../../models/transformer/translate-file.ts';
import { type TranslationProgress, translateLines } from '../../models/transformer/translate-lines.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { inputFile } from '../arguments/values.ts';
import { describeResNet } from '../report/describe-resnet.ts';
import { describeModel, describeSpeed } from '../report/translation-report.ts';
import { readInput } from '../session/input-files.ts';
import { withResNet } from '../session/resnet-session.ts';
import { withTransformer } from '../session/transformer-session.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { printText } from '../terminal/print.ts';

const SENTENCES = [
  'The state of sparsity in deep neural networks.',
  'This begins with the wedding clothing.',
  'But it was not for everyone.',
];
/** Only the top of a text is translated, and not at length, so that this ends soon on a slow adapter too. */
const MAX_SENTENCES = 4;
const EXTRA_LENGTH = 10;
/** Classes to name. */
const CLASSES = 3;

/** Made as demo/README.md says. */
const EMBEDDED = {
  transformer: {
    checkpoint: inDemo('magnitude_pruning.tar.gz'),
    vocabulary: inDemo('vocab.300.subwords'),
  },
  resnet: { checkpoint: inDemo('extended_threshold.tar.gz'), picture: inDemo('picture.jpg') },
};

export const demoCommand = new Command('demo')
  .argument('[checkpoint]', 'As for translate or classify; else the embedded ones')
  .option('--vocab <file>', 'Subword vocabulary of a given Transformer', inputFile)
  .option('--input <file>', `Sentences; the first ${MAX_SENTENCES} count`, inputFile)
  .option('--picture <file>', 'JPEG file for a given ResNet');

demoCommand.action(async (checkpoint, { vocab, input, picture }) => {
  const given = checkpoint !== undefined;
  const kinds = [vocab ?? input, picture].filter((each) => each !== undefined).length;
  if (given && (kinds !== 1 || (picture === undefined && vocab === undefined))) {
    throw new ArgumentError('give a Transformer with its --vocab, or a ResNet with a --picture');
  }
  if (!given && vocab !== undefined) {
    throw new ArgumentError('give both a checkpoint and its --vocab, or neither for the embedded ones');
  }
  const lines = input === undefined ? SENTENCES : splitLines((await readInput(input)).text);
  await interruptible(async (signal) => {
    if (!given) await printText(WHAT_TO_EXPECT);
    if (!given || vocab !== undefined) {
      const files = given ? { checkpoint, vocabulary: vocab! } : EMBEDDED.transformer;
      await translateSome(files, lines, signal);
    }
    if (!given || picture !== undefined) {
      const { resnet } = EMBEDDED;
      await classifyOne(
        { checkpoint: checkpoint ?? resnet.checkpoint, picture: picture ?? resnet.picture },
        signal,
      );
    }
    await printText(nextCommands(checkpoint, vocab, picture));
  });
});

async function translateSome(
  files: { checkpoint: string; vocabulary: string },
  lines: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await withTransformer({ ...files, signal }, async ({ gpu, model, vocabulary, loadSeconds }) => {
    await printText(heading(files.checkpoint, describeModel(model), loadSeconds, gpu));
    let progress: TranslationProgress | undefined;
    const translations = await translateLines(model, vocabulary, lines.slice(0, MAX_SENTENCES), {
      extraLength: EXTRA_LENGTH,
      signal,
      onBatch(batch) {
        progress = batch.progress;
      },
    });
    const pairs = translations.map(
      ({ source, translation }) => `\n  ${printable(source)}\n  → ${printable(translation)}\n`,
    );
    await printText(
      `${pairs.join('')}\n${progress === undefined ? 'nothing to translate' : describeSpeed(progress)}\n\n`,
    );
  });
}

async function classifyOne(
  { checkpoint, picture }: { checkpoint: string; picture: string },
  signal: AbortSignal,
): Promise<void> {
  await withResNet({ checkpoint, signal }, async ({ gpu, model, loadSeconds }) => {
    await printText(heading(checkpoint, describeResNet(model), loadSeconds, gpu));
    const source = await openPictures([picture], { unlabelled: true });
    for await (const each of readPictures(source, { workers: 0 })) {
      if ('error' in each) throw each.error;
      const started = performance.now();
      const [logits] = await logitsOfEach(model, [each]);
      const seconds = (performance.now() - started) / 1000;
      const lines = mostProbable(logits, CLASSES).map(
        ({ class: index, probability }) =>
          `  ${(100 * probability).toFixed(2).padStart(6)} %  class ${index}\n`,
      );
      await printText(
        `\n  ${printable(picture)}\n${lines.join('')}\none picture in ${seconds.toFixed(2)} s, the compilation of its kernels included\n`,
      );
    }
  });
}

function heading(checkpoint: string, model: string, loadSeconds: number, gpu: Gpu): string {
  return `model    ${printable(checkpoint)}\n         ${model}, loaded in ${loadSeconds.toFixed(1)} s\nadapter  ${gpu.describe()}\n`;
}

function inDemo(file: string): string {
  return fileURLToPath(new URL(`../../../demo/${file}`, import.meta.url));
}

const WHAT_TO_EXPECT = `The weights of these small models are random (hashes of their positions), not trained: what they say is nonsense.
They show the whole path, from a TensorFlow checkpoint through sparse kernels to text, and from a JPEG to a class.

`;

/** How this is called from source and as installed. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'npm run tsos --' : 'npx tsos';

function nextCommands(
  checkpoint: string | undefined,
  vocabulary: string | undefined,
  picture: string | undefined,
): string {
  const model = checkpoint ?? '<checkpoint or .tar>';
  const translate = `${PROGRAM} translate ${model} --vocab ${vocabulary ?? '<file>'} --input <file> --output <file>`;
  const classify = `${PROGRAM} classify ${model} <picture.jpg …>`;
  if (vocabulary !== undefined) return `\nNext: ${translate}\n`;
  return picture !== undefined ? `\nNext: ${classify}\n` : `\nNext: ${translate}\n      ${classify}\n`;
}
