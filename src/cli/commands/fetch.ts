import { Command } from '@commander-js/extra-typings';
import { TsosError } from '../../base/errors.ts';
import { type Pin, parseChecksums } from '../../io/download/checksums.ts';
import { cacheDirectory } from '../../io/files/cache-directory.ts';
import { fits, PUBLISHED_AT } from '../../results/catalogue.ts';
import { archivePath, type FetchOptions, fetchCheckpoint } from '../../results/fetch-checkpoint.ts';
import { namedCheckpoints } from '../../results/named-checkpoints.ts';
import { fetchNewstest, fetchVocabulary, TEST_SETS } from '../../results/published-texts.ts';
import type { Target } from '../../results/reproduction/target.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { PUBLISHED_MODEL, PUBLISHED_SPARSITY, PUBLISHED_TECHNIQUE } from '../arguments/catalogue-options.ts';
import { CATALOGUE, FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { inputFile, wholeNumber } from '../arguments/values.ts';
import { type FetchSettings, fetching } from '../session/fetching.ts';
import { readInput } from '../session/input-files.ts';
import { NEWSTEST, publishedCheckpoints, VOCABULARY } from '../session/published.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { complain, note, print, printJson } from '../terminal/print.ts';

export const fetchCommand = new Command('fetch')
  .argument(
    '[names...]',
    `Published checkpoints, as "tsos list" has them or by patterns such as "*_0.9_*"; ${NEWSTEST}; ${VOCABULARY}`,
  )
  .option('--all', 'All 49 checkpoints, instead of named ones')
  .addOption(PUBLISHED_MODEL)
  .addOption(PUBLISHED_TECHNIQUE)
  .addOption(PUBLISHED_SPARSITY)
  .option(
    '--cache <folder>',
    'Where to keep them; by default TSOS_CACHE, else a folder for caches of this system',
  )
  .addOption(FROM)
  .addOption(OFFLINE)
  .addOption(CATALOGUE)
  .option('--verify', 'Read what is there whole, and compare all checksums again')
  .option('--sha256 <hash>', 'What the file that is named must be')
  .option('--checksums <file>', 'What files must be, as sha256sum prints it', inputFile)
  .option('--attempts <n>', 'How often to try without getting any further', wholeNumber(1), 6)
  .option('--json', 'Print one JSON object');

type Options = ReturnType<typeof fetchCommand.opts>;

fetchCommand.action(async (names, args) => {
  const items = await chosen(names, args);
  const pins = await readPins(items, args);
  const { cache = cacheDirectory(), from, offline, verify, attempts } = args;
  const settings = { cache, from, offline, verify, attempts };
  const { fetched, failed } = await interruptible(async (signal, advise) => {
    advise('what has come is kept; run the same again to go on');
    return fetchAll(items, { ...settings, pins, signal });
  });
  const failures = failed.map(({ name, error }) => ({ name, reason: error.message }));
  const checkpoints = fetched.flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [checkpoint]));
  const texts = fetched.flatMap(({ checkpoint, paths }) => (checkpoint === undefined ? paths : []));
  if (args.json) await printJson({ cache, from: from ?? PUBLISHED_AT, checkpoints, texts, failures });
  else await print(fetched.flatMap(({ paths }) => paths.map((path) => `${path}\n`)).join(''));
  if (failed.length > 0) process.exitCode = failed[0].error.exitCode;
});

/** Something that has a name. */
interface Item {
  readonly name: string;
  /** What is downloaded for it, as a checksum file calls it. */
  readonly file: string;
  fetch(options: FetchOptions): Promise<Fetched>;
}

interface Fetched {
  readonly paths: readonly string[];
  /** Of texts undefined. */
  readonly checkpoint?: Awaited<ReturnType<typeof fetchCheckpoint>>;
}

const TEXTS: readonly Item[] = [
  {
    name: NEWSTEST,
    file: TEST_SETS.path,
    fetch: async (options) => ({ paths: Object.values(await fetchNewstest(options)) }),
  },
  {
    name: VOCABULARY,
    file: 'vocab.translate_ende_wmt32k.32768.subwords',
    fetch: async (options) => ({ paths: [await fetchVocabulary(options)] }),
  },
];

function checkpointItem(target: Target): Item {
  return {
    name: target.name,
    file: archivePath(target),
    async fetch(options) {
      const checkpoint = await fetchCheckpoint(target, options);
      return { paths: [checkpoint.path], checkpoint };
    },
  };
}

async function chosen(names: readonly string[], args: Options): Promise<Item[]> {
  const { all, model, technique, sparsity } = args;
  const filter = { model, technique, sparsity };
  const isFiltered = Object.values(filter).some((wanted) => wanted !== undefined);
  const catalogue = await publishedCheckpoints(args.catalogue);
  if (names.length > 0) {
    if (all || isFiltered) throw new ArgumentError('names exclude --all and the options that choose');
    return names.flatMap((name) => {
      const text = TEXTS.find((each) => each.name === name);
      return text === undefined ? namedCheckpoints(catalogue, [name]).map(checkpointItem) : [text];
    });
  }
  if (!all && !isFiltered) {
    throw new ArgumentError(
      `name a checkpoint ("tsos list" has their names), ${NEWSTEST} or ${VOCABULARY}, choose some by --model and the like, or say --all`,
    );
  }
  const checkpoints = catalogue.filter((checkpoint) => fits(checkpoint, filter));
  if (checkpoints.length === 0)
    throw new ArgumentError('no published checkpoint is like that; "tsos list" has all');
  return checkpoints.map(checkpointItem);
}

/** By names of files. */
async function readPins(
  items: readonly Item[],
  { sha256, checksums }: Options,
): Promise<ReadonlyMap<string, Pin>> {
  if (sha256 === undefined) {
    return checksums === undefined ? new Map() : parseChecksums((await readInput(checksums)).text, checksums);
  }
  if (checksums !== undefined) throw new ArgumentError('--sha256 and --checksums exclude each other');
  if (items.length !== 1) throw new ArgumentError('--sha256 is of one file; for several give --checksums');
  if (!/^[0-9a-f]{64}$/i.test(sha256)) throw new ArgumentError('--sha256 needs 64 hexadecimal digits');
  return new Map([[items[0].file, { hash: sha256.toLowerCase(), by: '--sha256' }]]);
}

/** Fetches one after the other; one that fails does not keep the next from being tried. */
async function fetchAll(items: readonly Item[], settings: FetchSettings & { readonly signal: AbortSignal }) {
  const fetched: Fetched[] = [];
  const failed: { name: string; error: TsosError }[] = [];
  for (const { name, fetch } of items) {
    try {
      const one = await fetching(name, settings, fetch);
      note(`${name}: ${describe(one)}`);
      fetched.push(one);
    } catch (error) {
      if (settings.signal.aborted || !(error instanceof TsosError)) throw error;
      complain(error.message);
      failed.push({ name, error });
    }
  }
  return { fetched, failed };
}

function describe({ checkpoint, paths }: Fetched): string {
  if (checkpoint === undefined) return `complete (${paths.length} ${paths.length === 1 ? 'file' : 'files'})`;
  const { status, bytes, resumed, variables } = checkpoint;
  const size = `${bytes} bytes, ${variables} variables`;
  if (status === 'present') return `is there already (${size})`;
  return resumed > 0 ? `complete (${size}; ${resumed} bytes were there)` : `complete (${size})`;
}
