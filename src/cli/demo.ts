import { fileURLToPath } from 'node:url';
import { defineCommand } from 'citty';
import { splitLines } from '../models/transformer/translate-file.ts';
import { type TranslationProgress, translateLines } from '../models/transformer/translate-lines.ts';
import { ArgumentError } from './arguments.ts';
import { readInput } from './input-files.ts';
import { interruptible } from './interrupt.ts';
import { print } from './print.ts';
import { withTransformer } from './transformer-session.ts';
import { describeModel, describeSpeed } from './translation-report.ts';

const SENTENCES = [
  'The state of sparsity in deep neural networks.',
  'This begins with the wedding clothing.',
  'But it was not for everyone.',
];
/** Only the top of a text is translated, and not at length, so that this ends soon on a slow adapter too. */
const MAX_SENTENCES = 4;
const EXTRA_LENGTH = 10;

/** Made as demo/README.md says. */
const EMBEDDED = {
  checkpoint: fileURLToPath(new URL('../../demo/magnitude_pruning.tar.gz', import.meta.url)),
  vocabulary: fileURLToPath(new URL('../../demo/vocab.300.subwords', import.meta.url)),
};

export const demoCommand = defineCommand({
  meta: { name: 'demo', description: 'Translate a few sentences, with an embedded model or a given one' },
  args: {
    checkpoint: {
      type: 'positional',
      required: false,
      description: 'As for translate; else the embedded one',
    },
    vocab: { type: 'string', valueHint: 'file', description: 'Subword vocabulary of the given model' },
    input: { type: 'string', valueHint: 'file', description: `Sentences; the first ${MAX_SENTENCES} count` },
  },
  async run({ args }) {
    const files = chooseFiles(args.checkpoint, args.vocab);
    const lines = args.input === undefined ? SENTENCES : splitLines((await readInput(args.input)).text);
    await interruptible((signal) =>
      withTransformer({ ...files, signal }, async ({ gpu, model, vocabulary, loadSeconds }) => {
        await print(
          `model    ${files.checkpoint}\n         ${describeModel(model)}, loaded in ${loadSeconds.toFixed(1)} s\n` +
            `adapter  ${gpu.describe()}\n`,
        );
        if (files === EMBEDDED) await print(WHAT_TO_EXPECT);
        let progress: TranslationProgress | undefined;
        const translations = await translateLines(model, vocabulary, lines.slice(0, MAX_SENTENCES), {
          extraLength: EXTRA_LENGTH,
          signal,
          onBatch(batch) {
            progress = batch.progress;
          },
        });
        const pairs = translations.map(({ source, translation }) => `\n  ${source}\n  → ${translation}\n`);
        await print(
          `${pairs.join('')}\n${progress === undefined ? 'nothing to translate' : describeSpeed(progress)}\n`,
        );
        await print(nextCommand(files));
      }),
    );
  },
});

type Files = typeof EMBEDDED;

function chooseFiles(checkpoint: string | undefined, vocabulary: string | undefined): Files {
  if (checkpoint === undefined && vocabulary === undefined) return EMBEDDED;
  if (checkpoint === undefined || vocabulary === undefined) {
    throw new ArgumentError('demo: give both a checkpoint and its --vocab, or neither for the embedded ones');
  }
  return { checkpoint, vocabulary };
}

const WHAT_TO_EXPECT = `
The weights of this small model are random (hashes of their positions), not trained: its German is nonsense.
What it shows is the whole path, from a TensorFlow checkpoint through sparse kernels and beam search to text.
`;

/** How this is called from source and as installed. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'npm run tsos --' : 'npx tsos';

function nextCommand(files: Files): string {
  const given =
    files === EMBEDDED
      ? '<checkpoint or .tar> --vocab <file>'
      : `${files.checkpoint} --vocab ${files.vocabulary}`;
  return `\nNext: ${PROGRAM} translate ${given} --input <file> --output <file>\n`;
}
