import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ENTRY = fileURLToPath(new URL('../src/browser.ts', import.meta.url));

describe('what a bundle for Node gets', () => {
  it('leaves packages that load machine code from beside them where they are', async () => {
    const { outputFiles, warnings } = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    assert.deepEqual(warnings, []);
    const [{ text }] = outputFiles;
    assert.match(text, /import\(\w+\)/);
    assert.doesNotMatch(text, /dawn-node|dawn\.node|bun:ffi/);
  });
});

describe('what browsers get', () => {
  it('is bundled without a line of configuration, has nothing of Node in it, and is small', async () => {
    const { outputFiles, warnings } = await build({
      entryPoints: [ENTRY],
      bundle: true,
      minify: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    const [{ text, contents }] = outputFiles;
    assert.deepEqual(warnings, []);
    assert.equal(outputFiles.length, 1);
    assert.ok(!/["'`]node:|\bBuffer\.\w|\brequire\(/.test(text), 'something of Node is in it');
    const packed = gzipSync(contents).length;
    console.log(`${contents.length} bytes, ${packed} gzipped`);
    // Half as much again as it has: a whole library that slips in is more.
    assert.ok(packed < 150_000, `${packed} bytes`);
  });

  it('leaves what it does not use out', async () => {
    const contents = `import { openCheckpoint } from ${JSON.stringify(ENTRY)}; console.log(openCheckpoint);`;
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true,
      minify: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    assert.ok(!outputFiles[0].text.includes('@compute'), 'kernels are in it');
    assert.ok(gzipSync(outputFiles[0].contents).length < 30_000);
  });
});
