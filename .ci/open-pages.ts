// Opens pages that use the package, each a folder, in the headless Chromium and prints what they print; fails where one does
// not come to its device:  node --import tsx .ci/open-pages.ts <folder>…
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import process from 'node:process';
import type { Browser } from 'playwright-core';
import { withBrowser } from '../test/support/driven-browser.ts';
import { type Answer, serve } from '../test/support/loopback.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

const folders = process.argv.slice(2);
assert.ok(folders.length > 0, 'name a folder');
await withBrowser(async (browser) => {
  for (const folder of folders) await open(browser, folder);
});

async function open(browser: Browser, folder: string): Promise<void> {
  await using server = await serve((path) => fileOf(folder, path || 'index.html'));
  const page = await browser.newPage();
  page.on('console', (message) => console.log(`${folder}: ${message.text()}`));
  const broken = new Promise<never>((_, reject) => page.on('pageerror', reject));
  const arrived = page.waitForEvent('console', (message) =>
    message.text().startsWith('tsos/browser runs on'),
  );
  await page.goto(server.url);
  await Promise.race([arrived, broken]);
  await page.close();
}

async function fileOf(folder: string, path: string): Promise<Answer | undefined> {
  const type = MEDIA_TYPES[extname(path)];
  return readFile(join(folder, path)).then(
    (bytes) => [type, bytes],
    () => undefined,
  );
}
