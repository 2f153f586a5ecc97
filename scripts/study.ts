import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DataSizes, makePictures, makeSentences, STUDY_SIZES } from '../examples/study/make-data.ts';
import { UsageError } from '../src/base/errors.ts';
import { run } from '../src/cli/adapter/exec.ts';
import { runtimeArguments } from '../src/cli/adapter/runtime-arguments.ts';

/*
 * `npm run study -- [folder] [--quick]`: makes the data of the study, trains all of it, measures it and draws it, in a folder
 * ("study" unless given). What is there already is left or gone on with, so that it can be stopped at any time.
 * `--quick` is a hundredth of it: to see that everything works, not what comes of it.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODELS = ['transformer', 'rn50'] as const;
const VOCABULARY_SIZE = 512;
/** German numbers are long words, of which no part this long comes often: it would be looked for in vain, and for minutes. */
const LONGEST_SUBWORD = 12;
/** The model that is kept to be shown. */
const SHOWN = 'magnitude-targetSparsity=0.9';

const QUICK_SIZES: DataSizes = {
  pairs: { test: 20, dev: 10, train: 600 },
  pictures: { validation: 20, train: 200 },
};
/** By how much fewer steps are trained. */
const QUICK_STEPS = 100;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const quick = args.includes('--quick');
  const [given = 'study', ...others] = args.filter((arg) => arg !== '--quick');
  if (others.length > 0 || given.startsWith('-')) {
    console.error(new UsageError('npm run study -- [folder] [--quick]').message);
    return 2;
  }
  const folder = resolve(process.env.INIT_CWD ?? '.', given);
  await makeData(folder, quick ? QUICK_SIZES : STUDY_SIZES);
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
        'convert',
        `${model}/runs/${SHOWN}`,
        ...['--to', 'bundle', '--drop-slots', '--force', '--output', `${model}/shown`],
      ],
    ]),
  ];
  const cli = join(ROOT, 'src', 'cli', 'main.ts');
  for (const each of steps) {
    const code = await run([process.execPath, ...runtimeArguments(cli), cli, ...each], {}, folder);
    if (code !== 0) return code;
  }
  return 0;
}

/** Makes the data, unless they were made whole. */
async function makeData(folder: string, sizes: DataSizes): Promise<void> {
  const made = join(folder, 'data', 'made.json');
  const wanted = JSON.stringify(sizes);
  if (existsSync(made) && (await readFile(made, 'utf8')) === wanted) return;
  console.error('making sentences and pictures');
  await makeSentences(join(folder, 'data', 'text'), sizes.pairs);
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
