import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { QUIET_FLAGS, unpackChromium, WEBGPU_FLAGS } from './chromium.ts';

/** Runs `use` with the headless Chromium of the development dependency, with WebGPU unless told otherwise. */
export async function withBrowser<T>(
  use: (browser: Browser) => Promise<T>,
  { webGpu = true }: { readonly webGpu?: boolean } = {},
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-browser-'));
  try {
    const { program, environment } = await unpackChromium(directory);
    const browser = await chromium.launch({
      executablePath: program,
      args: [...QUIET_FLAGS, ...(webGpu ? WEBGPU_FLAGS : [])],
      env: { ...environment },
    });
    try {
      return await use(browser);
    } finally {
      await browser.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
