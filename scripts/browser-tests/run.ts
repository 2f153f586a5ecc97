import type { Browser } from 'playwright-core';
import type { TestOutcome } from '../../test/support/browser/node-test.ts';
import { withBrowser } from '../../test/support/driven-browser.ts';
import { bundleTests } from './bundle.ts';
import { serveTests } from './serve.ts';

/** No test file takes so long, on a slow machine either. */
const PATIENCE_MS = 15 * 60_000;

/**
 * Runs the test files that can in a headless Chromium, each in a page of its own, and prints what came of them.
 * @returns the exit code.
 */
export async function runBrowserTests(files: readonly string[]): Promise<number> {
  const { runner, scripts, others, outputs } = await bundleTests(files);
  console.log(
    `${scripts.size} of ${files.length} test files run in a browser; the others need modules of Node.`,
  );
  if (scripts.size === 0) {
    for (const [file, needs] of others) console.error(`${file} needs ${needs.join(', ')}.`);
    return 1;
  }
  const started = performance.now();
  const outcomes: TestOutcome[] = [];
  await using server = await serveTests(outputs);
  await withBrowser(async (browser) => {
    console.log(`Chromium ${browser.version()}, headless\n`);
    for (const [file, script] of scripts)
      outcomes.push(...(await runFile(browser, server.url, file, [script, runner])));
  });
  const failed = outcomes.filter(({ result }) => result === 'failed');
  for (const { name, why } of failed) console.log(`\n✖ ${name}\n${why}`);
  const count = (result: TestOutcome['result']) => outcomes.filter((each) => each.result === result).length;
  console.log(
    `\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, in ` +
      `${scripts.size} files and ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  return failed.length === 0 ? 0 : 1;
}

async function runFile(
  browser: Browser,
  url: string,
  file: string,
  scripts: readonly [tests: string, runner: string],
): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = [];
  const started = performance.now();
  const page = await browser.newPage();
  const broken = new Promise<never>((_, reject) => {
    const end = (reason: string) => reject(new Error(`${file}: ${reason}`));
    page.on('pageerror', (error) => end(`an error nobody caught: ${error.stack}`));
    page.on('crash', () => end('the page crashed'));
    page.on('close', () => end('the page was closed'));
    setTimeout(end, PATIENCE_MS, `not done after ${PATIENCE_MS / 60_000} minutes`).unref();
  });
  page.on('console', (message) => {
    // That a fixture is not there is for the tests to tell.
    if (!message.text().startsWith('Failed to load resource')) console.log(`  ${message.text()}`);
  });
  try {
    await page.exposeFunction('report', (outcome: TestOutcome) => outcomes.push(outcome));
    await page.goto(url);
    await Promise.race([broken, page.evaluate(running(scripts))]);
    if (outcomes.length === 0) throw new Error(`${file}: has no tests`);
  } catch (error) {
    outcomes.push({ name: file, result: 'failed', seconds: 0, why: (error as Error).message });
  } finally {
    broken.catch(() => {});
    await page.close();
  }
  printFile(file, outcomes, (performance.now() - started) / 1000);
  return outcomes;
}

/** What the page evaluates. */
function running([tests, runner]: readonly [tests: string, runner: string]): string {
  return `import('/${tests}').then(() => import('/${runner}')).then(({ runTests }) => runTests(report))`;
}

function printFile(file: string, outcomes: readonly TestOutcome[], seconds: number): void {
  const has = (result: TestOutcome['result']) => outcomes.some((outcome) => outcome.result === result);
  const mark = has('failed') ? '✖' : has('passed') ? '✔' : '﹣';
  const count = `${outcomes.length} ${outcomes.length === 1 ? 'test' : 'tests'}`;
  console.log(`${mark} ${file} (${count}, ${seconds.toFixed(1)} s)`);
  for (const { name, result, why } of outcomes) {
    if (result === 'failed') console.log(`    ✖ ${name}`);
    if (result === 'skipped') console.log(`    ﹣ ${name}: ${why}`);
  }
}
