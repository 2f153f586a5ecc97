import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadVocabulary } from '../../../src/io/text/load-vocabulary.ts';
import { loadVocabulary as loadAnywhere } from '../../../src/io/text/load-vocabulary-anywhere.ts';
import { withServer } from '../../support/file-server.ts';
import { dataErrorOf, withDirectory } from '../support.ts';

const TOKENS = ['<pad>_', '<EOS>_', 'ä', 'b_'];
const BYTES = new Uint8Array(new TextEncoder().encode(TOKENS.map((token) => `'${token}'\n`).join('')));

test('a vocabulary is the same from wherever it is read', async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/vocabulary`;
    await writeFile(path, BYTES);
    await withServer(
      () => ({ status: 200, body: BYTES }),
      async (base) => {
        const everywhere = [new Blob([BYTES]), new File([BYTES], 'v'), BYTES, BYTES.buffer, `${base}/v`];
        for (const given of [path, pathToFileURL(path), new URL(`${base}/v`), ...everywhere]) {
          assert.deepEqual((await loadVocabulary(given)).tokens, TOKENS);
        }
        for (const given of [new URL(`${base}/v`), ...everywhere]) {
          assert.deepEqual((await loadAnywhere(given, { expectedSize: 4 })).tokens, TOKENS);
        }
      },
    );
  });
});

test('what is none is refused by what it is called', async () => {
  for (const load of [loadVocabulary, loadAnywhere]) {
    await dataErrorOf(load(new File([], 'empty.txt')), /empty\.txt: empty vocabulary/);
    await dataErrorOf(load(Uint8Array.of(0xff)), /the given bytes: .*not valid UTF-8/);
    await withServer(
      () => ({ status: 404 }),
      (base) => dataErrorOf(load(`${base}/v`), /\/v: there is no such file/).then(() => {}),
    );
  }
  if (globalThis.location === undefined) await assert.rejects(loadAnywhere('vocabulary'), /is no URL/);
});
