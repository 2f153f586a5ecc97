import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { writeCheckpoint } from '../src/io/checkpoint/write-checkpoint.ts';
import { checkpointSparsity } from '../src/metrics/sparsity.ts';
import { tarOf } from '../test/io/archive/tar-writer.ts';
import { readAll, withDirectory } from '../test/io/support.ts';
import { tsos } from '../test/support/command-line.ts';
import {
  DEMO_CHECKPOINT,
  DEMO_CLASSES,
  DEMO_PICTURE,
  DEMO_RESNET,
  DEMO_VOCABULARY,
} from '../test/support/demo.ts';
import { withBrowser } from '../test/support/driven-browser.ts';
import { testFile } from '../test/support/files.ts';
import { serve } from '../test/support/loopback.ts';
import { openManifest } from '../test/support/manifest.ts';
import type { Measurement } from './engine/protocol.ts';

/*
 * The built page in the headless Chromium: `npm run test:page`.
 */

const SENTENCES = [
  "The train leaves on Sunday at six o'clock.",
  'We are happy because my tired child comes to my church.',
  'You have looked for the big cat.',
];
/** Kernels are compiled on the way, on a software adapter. */
const PATIENCE = { timeout: 300_000 };

const GOLDEN = testFile('test', 'goldens', 'transformer', 'variational_dropout', 'manifest.json');

test('the page', async (context) => {
  await withDirectory(async (directory) => {
    await buildPage(directory);
    await using server = await serve((path) => fileOf(directory, path));
    await withBrowser(async (browser) => {
      const troubles: string[] = [];
      const page = await openPage(browser, server.url, troubles);
      await context.test('translates to the words of the command line, shown as they are found', () =>
        translates(page, directory),
      );
      await context.test('classifies to the figures of the command line', () => classifies(page));
      await context.test('shows the layers of a checkpoint that is dropped', () =>
        showsLayers(page, directory),
      );
      await context.test('refuses what is damaged in a sentence', () => refuses(page));
      await context.test('translates with a checkpoint and a vocabulary that are given', () =>
        translatesWithOwn(page),
      );
      await context.test('measures the adapter, and can be stopped', () => measures(page));
      await context.test('fits a phone, and names what can be reached by keyboard', () => fits(page));
      assert.deepEqual(troubles, []);
    });
    await withBrowser(
      async (browser) => {
        const page = await openPage(browser, server.url, []);
        await context.test('says what to do where there is no WebGPU, and still reads checkpoints', () =>
          saysWhatToDo(page),
        );
      },
      { webGpu: false },
    );
  });
});

async function buildPage(directory: string): Promise<void> {
  await build({
    configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
    logLevel: 'error',
    build: { outDir: directory },
  });
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.jpg': 'image/jpeg',
};

async function fileOf(directory: string, path: string) {
  const name = path === '' ? 'index.html' : path;
  const bytes = await readFile(join(directory, name)).catch(() => undefined);
  return bytes && ([MEDIA_TYPES[extname(name)] ?? 'application/octet-stream', bytes] as const);
}

/** @param troubles takes errors that nobody caught, and files that are not there */
async function openPage(browser: Browser, url: string, troubles: string[]): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  page.on('pageerror', (error) => troubles.push(`${error.stack}`));
  page.on('response', (response) => {
    if (response.status() === 404) troubles.push(`${response.url()} is missing`);
  });
  await page.goto(url);
  return page;
}

async function translates(page: Page, directory: string): Promise<void> {
  await page.locator('#target[data-state=done]').waitFor();
  const seen = await page.evaluateHandle(() => {
    const texts = new Set<string>();
    const target = document.querySelector('#target')!;
    new MutationObserver(() => texts.add(`${target.textContent}`)).observe(target, { childList: true });
    return texts;
  });
  await page.fill('#source', SENTENCES.join('\n'));
  await page.locator('#target[data-state=growing]').waitFor();
  await page.locator('#target[data-state=done]').waitFor();
  const output = join(directory, 'translated.de');
  const { code, stderr } = await tsos(
    ['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY, '--output', output, '--quiet'],
    { input: `${SENTENCES.join('\n')}\n` },
  );
  assert.equal(code, 0, stderr);
  assert.equal(`${await page.textContent('#target')}\n`, await readFile(output, 'utf8'));
  const grown = await seen.evaluate((texts) => [...texts]);
  assert.ok(grown.length > 4, `${grown.length} texts on the way`);
}

async function classifies(page: Page): Promise<void> {
  await page.locator('#classes li').first().waitFor();
  const { code, stdout, stderr } = await tsos([
    'classify',
    DEMO_RESNET,
    DEMO_PICTURE,
    '--labels',
    DEMO_CLASSES,
  ]);
  assert.equal(code, 0, stderr);
  const rows = await page.locator('#classes li').allInnerTexts();
  assert.equal(rows.length, 5);
  for (const row of rows) {
    const [, name, share] = /(\w+)\s+(\d+\.\d\d) %/.exec(row) ?? assert.fail(row);
    assert.match(stdout, new RegExp(`\\b${share} %\\s+${name}\\n`), row);
  }
}

async function showsLayers(page: Page, directory: string): Promise<void> {
  await using golden = await openManifest(GOLDEN);
  const tensors = await readAll(golden);
  const prefix = join(directory, 'model.ckpt-7');
  await writeCheckpoint(
    prefix,
    [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
  );
  const members = ['.index', '.data-00000-of-00001'].map(
    async (suffix) => [`model.ckpt-7${suffix}`, await readFile(prefix + suffix)] as const,
  );
  const archive = gzipSync(tarOf(Object.fromEntries(await Promise.all(members))));
  await drop(page, '#checkpoint-drop', 'golden.tar.gz', archive);
  await page.locator('#checkpoint-status', { hasText: 'golden.tar.gz' }).waitFor();

  const { layers, sparsity } = await checkpointSparsity(golden);
  const rows = await page.locator('#layers tbody tr').evaluateAll((rows) =>
    rows.map((row) => {
      const [name, sparsity, kept, total] = (row as HTMLTableRowElement).cells;
      return [name.title, ...[sparsity, kept, total].map(({ innerText }) => innerText.trim())];
    }),
  );
  assert.deepEqual(
    rows,
    layers.map(({ name, sparsity, nonzero, total }) => [
      name,
      `${(100 * sparsity).toFixed(2)} %`,
      nonzero.toLocaleString('en'),
      total.toLocaleString('en'),
    ]),
  );
  const facts = await page.innerText('#checkpoint-facts');
  assert.match(facts, /variational dropout/);
  assert.match(facts, new RegExp(`\\b${(100 * sparsity).toFixed(2)} %`));
  await page.selectOption('#layer-order', 'sparsity');
  const first = await page.locator('#layers tbody tr').first().innerText();
  assert.match(first, new RegExp(`${(100 * Math.max(...layers.map((each) => each.sparsity))).toFixed(2)} %`));
}

async function refuses(page: Page): Promise<void> {
  const whole = await readFile(DEMO_CHECKPOINT);
  for (const [name, bytes] of [
    ['cut.tar.gz', whole.subarray(0, whole.length >> 1)],
    ['letter.txt', Buffer.from('Dear reader')],
  ] as const) {
    await drop(page, '#checkpoint-drop', name, bytes);
    const sentence = await failure(page, '#checkpoint-status');
    assert.match(sentence, new RegExp(name.replaceAll('.', '\\.')));
    assert.doesNotMatch(sentence, /\n|should not have/);
    assert.equal(await page.locator('#checkpoint-report').isVisible(), false);
  }
  await drop(page, '#picture-drop', 'letter.jpg', Buffer.from('Dear reader'));
  assert.match(await failure(page, '#classify-status'), /JPEG/);
}

/** The sample, but as a visitor's file. */
async function translatesWithOwn(page: Page): Promise<void> {
  await drop(page, '#checkpoint-drop', 'mine.tar.gz', await readFile(DEMO_CHECKPOINT));
  await page.locator('#checkpoint-status', { hasText: 'mine.tar.gz' }).waitFor();
  await page.setInputFiles('#vocabulary-file', DEMO_VOCABULARY);
  await page.locator('#translate-model', { hasText: 'mine.tar.gz · magnitude pruning' }).waitFor();
  await page.locator('#target[data-state=done]').waitFor();
  await page.setInputFiles('#vocabulary-file', {
    name: 'short.subwords',
    mimeType: 'text/plain',
    buffer: Buffer.from("'<pad>_'\n'<EOS>_'\n"),
  });
  assert.match(await failure(page, '#translate-model'), /short\.subwords has 2 entries/);
}

async function measures(page: Page): Promise<void> {
  await page.click('#measure-quick');
  await page.click('#measure-stop');
  await page.locator('#measure-status', { hasText: 'Stopped' }).waitFor();
  await page.click('#measure-smoke');
  await page.locator('#measurement').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#measure-save')]);
  const measurement: Measurement = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.match(measurement.adapter, /swiftshader/i);
  const results = [...measurement.products, ...measurement.convolutions];
  assert.deepEqual([...new Set(results.map(({ sparsity }) => sparsity))], [0.7, 0.9, 0.98]);
  assert.ok(
    results.every(({ ms, denseMs, ratio }) => ms > 0 && Math.abs(denseMs / ms - ratio) < 1e-9 * ratio),
  );
  assert.equal(await page.locator('#measure-table tbody tr').count(), results.length);
  assert.match(`${await page.getAttribute('#measure-plot svg', 'aria-label')}`, /products .* at 98 % zeros/);
  assert.match(await page.innerText('#measure-caption'), /swiftshader/i);
}

async function fits(page: Page): Promise<void> {
  for (const width of [360, 1180]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, textarea, a[href], progress, svg[role=img]')]
      .filter((each) => {
        const labels = 'labels' in each ? [...(each.labels as NodeListOf<HTMLElement>)] : [];
        return ![each.textContent, each.ariaLabel, ...labels.map(({ innerText }) => innerText)].some((text) =>
          text?.trim(),
        );
      })
      .map((each) => each.outerHTML),
  );
  assert.deepEqual(nameless, []);
}

async function saysWhatToDo(page: Page): Promise<void> {
  assert.match(await failure(page, '#device'), /^This page needs WebGPU: open it in Chrome/);
  await page.locator('#layers tbody tr').first().waitFor();
  assert.equal(await page.locator('#measure-quick').isDisabled(), true);
}

/** What an element tells in its state of failure. */
async function failure(page: Page, selector: string): Promise<string> {
  const element = page.locator(`${selector}[data-state=failed]`);
  await element.waitFor();
  return element.innerText();
}

async function drop(page: Page, selector: string, name: string, bytes: Uint8Array): Promise<void> {
  await page.locator(selector).evaluate(
    (target, { name, base64 }) => {
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], name));
      target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    },
    { name, base64: Buffer.from(bytes).toString('base64') },
  );
}
