import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { FetchOptions } from '../../src/results/fetch-checkpoint.ts';
import { fetchNewstest, fetchNewstestPart, fetchVocabulary } from '../../src/results/published-texts.ts';
import { tarOf } from '../io/archive/tar-writer.ts';
import { dataErrorOf, sha256, withDirectory } from '../io/support.ts';
import { type Asked, fileReply, withServer } from '../support/file-server.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** As WMT has them: in documents, with entities. */
function sgm(kind: string, lines: readonly string[]): Uint8Array {
  const segments = lines.map((line, i) => `<seg id="${i + 1}">${line}</seg>\n`).join('');
  return bytes(`<${kind} setid="newstest2014">\n<doc docid="a">\n<p>\n${segments}</p>\n</doc>\n</${kind}>\n`);
}

const FILES: Readonly<Record<string, Uint8Array>> = {
  '/decode/newstest2014.tok.de': bytes('Ein Hund .\nZwei &amp; drei .\n'),
  '/decode/wmt_ende32k/vocab.translate_ende_wmt32k.32768.subwords': bytes("'<pad>_'\n'<EOS>_'\n'a_'\n"),
  '/wmt14/test-full.tgz': gzipSync(
    tarOf({
      'test-full/newstest2014-deen-src.en.sgm': sgm('srcset', ['A  dog. ', 'Two &amp; three.']),
      'test-full/newstest2014-deen-ref.de.sgm': sgm('refset', ['Ein Hund.', 'Zwei &amp; drei.']),
      'test-full/newstest2014-deen-src.de.sgm': sgm('srcset', ['no']),
    }),
  ),
};
const PINS = new Map([['test-full.tgz', { hash: sha256(FILES['/wmt14/test-full.tgz']), by: 'the test' }]]);

async function mirrored(
  use: (options: FetchOptions, asked: readonly Asked[]) => Promise<void>,
  files = FILES,
): Promise<void> {
  await withDirectory((cache) =>
    withServer(
      (asked) => fileReply(asked, files[asked.path]),
      (from, asked) => use({ cache, from, attempts: 1, pins: PINS }, asked),
    ),
  );
}

test('newstest2014 is made of what the original and WMT publish, once', async () => {
  await mirrored(async (options, asked) => {
    const { source, reference, tokenizedReference } = await fetchNewstest(options);
    assert.equal(await readFile(source, 'utf8'), 'A dog.\nTwo &amp; three.\n');
    assert.equal(await readFile(reference, 'utf8'), 'Ein Hund.\nZwei &amp; drei.\n');
    assert.equal(await readFile(tokenizedReference, 'utf8'), 'Ein Hund .\nZwei &amp; drei .\n');
    assert.deepEqual(
      [source, tokenizedReference].map((path) => path.replace(options.cache!, '')),
      ['/decode/newstest2014.en', '/decode/newstest2014.tok.de'],
    );
    await fetchNewstest({ ...options, offline: true });
    assert.equal(asked.length, 2);
    // What was taken out can be taken out again.
    await rm(source);
    await fetchNewstest({ ...options, offline: true });
    assert.equal(await readFile(source, 'utf8'), 'A dog.\nTwo &amp; three.\n');
  });
});

test('of newstest2014 no more is fetched than is asked for', async () => {
  for (const [part, path] of [
    ['source', '/wmt14/test-full.tgz'],
    ['tokenizedReference', '/decode/newstest2014.tok.de'],
  ] as const) {
    await mirrored(async (options, asked) => {
      await fetchNewstestPart(part, options);
      assert.deepEqual(
        asked.map((each) => each.path),
        [path],
      );
    });
  }
});

test('a file of the test sets that is not WMT’s is not kept', async () => {
  await mirrored(async (options) => {
    const { pins, ...unpinned } = options;
    await dataErrorOf(
      fetchNewstest(unpinned),
      /^http:.*test-full\.tgz: has the MD5 [0-9a-f]{32}, but by sacreBLEU it is a8cd784e006feb32ac6f3d9ec7eb389a; nothing of it was kept/,
    );
    await assert.rejects(readFile(`${options.cache}/wmt14/test-full.tgz`));
  });
});

test('texts that do not belong together are told', async () => {
  await mirrored(async (options) => {
    const { reference } = await fetchNewstest(options);
    await writeFile(reference, 'Ein Hund.\n');
    await dataErrorOf(fetchNewstest(options), /newstest2014\.de: has 1 lines, but .*newstest2014\.en has 2/);
  });
});

test('the vocabulary comes where the original has it', async () => {
  await mirrored(async (options) => {
    const path = await fetchVocabulary(options);
    assert.match(path, /decode\/wmt_ende32k\/vocab\.translate_ende_wmt32k\.32768\.subwords$/);
  });
  const empty = { ...FILES, '/decode/wmt_ende32k/vocab.translate_ende_wmt32k.32768.subwords': bytes('') };
  await mirrored(async (options) => {
    await dataErrorOf(fetchVocabulary(options), /empty vocabulary/);
  }, empty);
});
