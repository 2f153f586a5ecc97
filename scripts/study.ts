import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type DataSizes,
  makePictures,
  makeSentences,
  STUDY_SIZES,
  testPicture,
} from '../examples/study/make-data.ts';
import { FIGURES } from '../examples/study/pictures/figures.ts';
import { UsageError } from '../src/base/errors.ts';
import { run } from '../src/cli/adapter/exec.ts';
import { runtimeArguments } from '../src/cli/adapter/runtime-arguments.ts';

/*
 * `npm run study -- [folder] [--test-data | --quick]`: makes the data of the study, trains all of it, measures it and draws it, in a
 * folder ("study" unless given, "study-quick" with `--quick`). What is there already is left or gone on with, so that it can be stopped at any time.
 * `--test-data` makes what the models are tested with, alone; `--quick` is a hundredth of all: to see that everything works, not what comes of it.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODELS = ['transformer', 'rn50'] as const;
const VOCABULARY_SIZE = 512;
/** German numbers are long words, of which no part this long comes often: it would be looked for in vain, and for minutes. */
const LONGEST_SUBWORD = 12;
/** What is kept to be shown, and which run of each model. */
const SHOWN_FOLDER = 'shown';
const SHOWN = {
  run: 'magnitude-targetSparsity=0.9',
  names: { transformer: 'transformer', rn50: 'resnet18' },
};
/** Sentences of the test set, from 0, that are shown: a number, a date, a time, a clause with its verb last, a perfect. */
const SHOWN_SENTENCES = [6, 9, 13, 14, 16];
/** Pictures of the test set, each of another class. */
const SHOWN_PICTURES = [3, 7, 12, 15, 18];

const QUICK_SIZES: DataSizes = {
  pairs: { test: 20, dev: 10, train: 600 },
  pictures: { validation: 20, train: 200 },
};
const TEST_SIZES: DataSizes = {
  pairs: { ...STUDY_SIZES.pairs, dev: 0, train: 0 },
  pictures: { ...STUDY_SIZES.pictures, train: 0 },
};
/** By how much fewer steps are trained. */
const QUICK_STEPS = 100;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [quick, testDataOnly] = ['--quick', '--test-data'].map((option) => args.includes(option));
  const [given = quick ? 'study-quick' : 'study', ...others] = args.filter(
    (arg) => arg !== '--quick' && arg !== '--test-data',
  );
  if (others.length > 0 || given.startsWith('-') || (quick && testDataOnly)) {
    console.error(new UsageError('npm run study -- [folder] [--test-data | --quick]').message);
    return 2;
  }
  const folder = resolve(process.env.INIT_CWD ?? '.', given);
  const sizes = quick ? QUICK_SIZES : testDataOnly ? TEST_SIZES : STUDY_SIZES;
  await makeData(folder, sizes);
  if (testDataOnly) return 0;
  const text = 'data/text';
  const steps = [
    ...(existsSync(join(folder, text, 'subwords'))
      ? []
      : [
          [
            'vocabulary',
            'build',
            ...['en', 'de'].map((language) => `${text}/train.${language}`),
            ...['--size', `${VOCABULARY_SIZE}`, '--max-subtoken-length', `${LONGEST_SUBWORD}`],
            ...['--output', `${text}/subwords`],
          ],
        ]),
    ...(await Promise.all(
      MODELS.map(async (model) => ['sweep', await definition(folder, model, quick), '--output', model]),
    )),
    ...MODELS.flatMap((model) => [
      ['results', model, '--plots', `${model}/figures`],
      [
        ...['convert', `${model}/runs/${SHOWN.run}`, '--to', 'bundle', '--output', `${model}/shown`],
        ...['--drop-slots', '--zero-dropped', '--force'],
      ],
    ]),
  ];
  const cli = join(ROOT, 'src', 'cli', 'main.ts');
  for (const each of steps) {
    const code = await run([process.execPath, ...runtimeArguments(cli), cli, ...each], {}, folder);
    if (code !== 0) return code;
  }
  return show(folder);
}

/** Gathers what the repository has of a study. @returns an exit code */
async function show(folder: string): Promise<number> {
  const shown = join(folder, SHOWN_FOLDER);
  for (const each of ['results', 'figures', 'pictures']) await mkdir(join(shown, each), { recursive: true });
  for (const model of MODELS) {
    const made = join(folder, model);
    const archive = join(shown, `${SHOWN.names[model]}.tar.gz`);
    const code = await run(['tar', '-czf', archive, '-C', join(made, 'shown'), '.'], {});
    if (code !== 0) return code;
    await copyFile(join(made, 'results.csv'), join(shown, 'results', `${model}.csv`));
    await copyFile(join(made, 'figures', `${model}-study.svg`), join(shown, 'figures', `${model}.svg`));
  }
  const text = join(folder, 'data', 'text');
  await copyFile(join(text, 'subwords'), join(shown, 'vocabulary.subwords'));
  for (const language of ['en', 'de']) {
    const lines = (await readFile(join(text, `test.${language}`), 'utf8')).split('\n');
    const some = SHOWN_SENTENCES.filter((i) => i < lines.length).map((i) => `${lines[i]}\n`);
    await writeFile(join(shown, `sentences.${language}`), some.join(''));
  }
  await writeFile(join(shown, 'classes.txt'), FIGURES.map(({ name }) => `${name}\n`).join(''));
  for (const i of SHOWN_PICTURES) {
    const { label, jpeg } = await testPicture(i);
    await writeFile(join(shown, 'pictures', `${FIGURES[label].name}.jpg`), jpeg);
  }
  console.error(`${shown} has what is shown`);
  return 0;
}

/** Makes the data, unless they were made whole. */
async function makeData(folder: string, sizes: DataSizes): Promise<void> {
  const made = join(folder, 'data', 'made.json');
  const wanted = JSON.stringify(sizes);
  if (existsSync(made) && (await readFile(made, 'utf8')) === wanted) return;
  console.error('making sentences and pictures');
  const text = join(folder, 'data', 'text');
  await makeSentences(text, sizes.pairs);
  // It is that of other sentences.
  if (sizes.pairs.train > 0) await rm(join(text, 'subwords'), { force: true });
  await makePictures(join(folder, 'data', 'pictures'), sizes.pictures);
  await writeFile(made, wanted);
}

/** @returns the path of the file that says what is trained */
async function definition(folder: string, model: (typeof MODELS)[number], quick: boolean): Promise<string> {
  const file = join(ROOT, 'examples', 'study', `${model}.json`);
  if (!quick) return file;
  const study = JSON.parse(await readFile(file, 'utf8'), (name, value) => {
    // Decays by epochs would come too late, and what has learnt nothing translates at length.
    if (/^(?:decayEpochs|warmupEpochs|evalEvery)$/.test(name)) return undefined;
    if (/steps?$|every$|penalty(?:begin|end)|frequency$/i.test(name) && typeof value === 'number') {
      return value === 0 ? 0 : Math.max(1, Math.round(value / QUICK_STEPS));
    }
    return value;
  });
  const written = join(folder, `${model}-quick.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(written, `${JSON.stringify(study, undefined, 2)}\n`);
  return written;
}
