// A page that translates: examples/page/, bundled by esbuild, served beside the demonstration checkpoint, and opened in the headless
// Chromium of the development dependencies, where a visitor types a sentence.
//
//     npm run example -- page [sentence]
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { withBrowser } from '../test/support/driven-browser.ts';
import { type Answer, serve } from '../test/support/loopback.ts';

const [sentence = 'But it was not for everyone.'] = process.argv.slice(2);
const { outputFiles } = await build({
  entryPoints: ['examples/page/page.ts'],
  // From source, as it stands in this repository; a project that installed the package needs no condition.
  conditions: ['tsos-source'],
  bundle: true,
  format: 'esm',
  write: false,
});
await using server = await serve(async (path): Promise<Answer | undefined> => {
  if (path === '') return ['text/html', await readFile('examples/page/index.html')];
  if (path === 'page.js') return ['text/javascript', outputFiles[0].contents];
  return readFile(`demo/${path}`).then(
    (bytes) => ['application/octet-stream', bytes],
    () => undefined,
  );
});
await withBrowser(async (browser) => {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByLabel('English').fill(sentence);
  await page.getByRole('button').click();
  const output = page.locator('output:is([data-state=done], [data-state=failed])');
  await output.waitFor({ timeout: 120_000 });
  const text = await output.textContent();
  if ((await output.getAttribute('data-state')) === 'failed') throw new Error(`${text}`);
  console.log(`${sentence} → ${text}`);
});
