import { DataError } from '../base/errors.ts';
import { openGzippedTar } from '../io/archive/archive.ts';
import type { ByteSource } from '../io/bytes/byte-source.ts';
import { type Pin, pinOf } from '../io/download/checksums.ts';
import { type FetchedFile, fetchFile } from '../io/download/fetch-file.ts';
import { writeFileAtomic } from '../io/files/atomic-file.ts';
import { cacheDirectory } from '../io/files/cache-directory.ts';
import { diskTree } from '../io/files/disk-tree.ts';
import { diskUnpacking } from '../io/files/disk-unpacking.ts';
import { openFile } from '../io/files/file-source.ts';
import { makeParent } from '../io/files/part-file.ts';
import { loadVocabulary } from '../io/text/load-vocabulary.ts';
import { sgmSegments } from '../io/text/sgm.ts';
import { addressBelow, type FetchOptions } from './fetch-checkpoint.ts';

/** A file beside the checkpoints that a reproduction needs. */
export interface PublishedText {
  /** In the cache, and below the address of a mirror. */
  readonly path: string;
  /** Where its authors publish it. */
  readonly url: string;
  readonly pinned?: Pin;
}

/** The folder of the code of the paper, at a commit that cannot change. */
const ORIGINAL =
  'https://raw.githubusercontent.com/google-research/google-research/10bf941a5a0625bf27bb8443aa849e9b48fdd5f9/' +
  'state_of_sparsity/sparse_transformer';

/** The subwords of all published Transformers. */
export const VOCABULARY: PublishedText = textOfOriginal(
  'decode/wmt_ende32k/vocab.translate_ende_wmt32k.32768.subwords',
);

/** German of newstest2014, tokenised by Moses, as the paper scored with it. */
export const TOKENIZED_REFERENCE: PublishedText = textOfOriginal('decode/newstest2014.tok.de');

/** All of WMT 2014's test sets; the MD5 is the one that sacreBLEU knows. */
export const TEST_SETS: PublishedText = {
  path: 'wmt14/test-full.tgz',
  url: 'https://www.statmt.org/wmt14/test-full.tgz',
  pinned: { hash: 'a8cd784e006feb32ac6f3d9ec7eb389a', by: 'sacreBLEU' },
};

/** What is taken out of {@link TEST_SETS}, and what it is called then. */
const MEMBERS = {
  source: { member: 'test-full/newstest2014-deen-src.en.sgm', path: 'decode/newstest2014.en' },
  reference: { member: 'test-full/newstest2014-deen-ref.de.sgm', path: 'decode/newstest2014.de' },
} as const;

/** newstest2014, English to German: paths of files with a sentence a line. */
export interface Newstest {
  /** English, as it was published. */
  readonly source: string;
  /** German, as it was published. */
  readonly reference: string;
  /** German, tokenised by Moses, as the paper's BLEU takes it. */
  readonly tokenizedReference: string;
}

/**
 * Gets the vocabulary of the paper's Transformers. @returns its path
 * @throws what `fetchFile` throws, and {DataError} where it is no vocabulary.
 */
export async function fetchVocabulary(options: FetchOptions = {}): Promise<string> {
  const check = async (path: string) => {
    await loadVocabulary(path);
  };
  return (await fetchText(VOCABULARY, options, check)).path;
}

/**
 * Gets newstest2014 as the paper translated and scored it: the English source and the German reference from WMT, the tokenised
 * reference from the code of the paper. The folder they are in can be given to `tsos reproduce --newstest`.
 * @throws what `fetchFile` throws, and {DataError} where the files do not belong together.
 */
export async function fetchNewstest(options: FetchOptions = {}): Promise<Newstest> {
  const newstest = {
    source: await fetchNewstestPart('source', options),
    reference: await fetchNewstestPart('reference', options),
    tokenizedReference: await fetchNewstestPart('tokenizedReference', options),
  };
  await assertParallel(newstest);
  return newstest;
}

/** Gets one of the files of newstest2014. @returns its path. @throws what `fetchFile` throws. */
export async function fetchNewstestPart(part: keyof Newstest, options: FetchOptions = {}): Promise<string> {
  if (part === 'tokenizedReference') return (await fetchText(TOKENIZED_REFERENCE, options)).path;
  const { cache = cacheDirectory() } = options;
  const path = `${cache}/${MEMBERS[part].path}`;
  if ((await diskTree.kind(path)) === undefined) {
    await takeOut((await fetchText(TEST_SETS, options)).path, cache);
  }
  return path;
}

function textOfOriginal(path: string): PublishedText {
  return { path, url: `${ORIGINAL}/${path}` };
}

/** From where its authors publish it, or from a mirror that has it beside the checkpoints. */
function fetchText(
  { path, url, pinned }: PublishedText,
  { cache = cacheDirectory(), from, pins, ...options }: FetchOptions,
  check?: (path: string) => Promise<void>,
): Promise<FetchedFile> {
  const address = from === undefined ? url : addressBelow(from, path);
  const own = pins && pinOf(pins, path);
  return fetchFile(address, `${cache}/${path}`, { ...options, pinned: own ?? pinned, check });
}

async function takeOut(archive: string, cache: string): Promise<void> {
  const isWanted = (name: string) => Object.values(MEMBERS).some(({ member }) => name.endsWith(member));
  const tree = await openGzippedTar(await openFile(archive), diskUnpacking, { isWanted });
  try {
    for (const { member, path } of Object.values(MEMBERS)) {
      const name = tree.paths().find((each) => each.endsWith(member));
      if (name === undefined) throw new DataError(`has no ${member} in it`, { file: archive });
      const text = new TextDecoder().decode(await readWhole(await tree.open(name)));
      await makeParent(`${cache}/${path}`);
      await writeFileAtomic(`${cache}/${path}`, `${sgmSegments(text).join('\n')}\n`);
    }
  } finally {
    await tree.close();
  }
}

/** @throws {DataError} where the files have not the same number of sentences. */
async function assertParallel(files: Newstest): Promise<void> {
  const counts = new Map<string, number>();
  for (const path of Object.values(files)) counts.set(path, await countLines(path));
  const [[first, lines], ...others] = counts;
  const odd = others.find(([, count]) => count !== lines);
  if (odd === undefined) return;
  throw new DataError(
    `has ${odd[1]} lines, but ${first} has ${lines}; remove both, and they are fetched anew`,
    {
      file: odd[0],
    },
  );
}

async function countLines(path: string): Promise<number> {
  const bytes = await readWhole(await openFile(path));
  return bytes.reduce((lines, byte) => lines + Number(byte === 0x0a), 0);
}

async function readWhole(source: ByteSource): Promise<Uint8Array> {
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}
