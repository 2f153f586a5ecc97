import { existsSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));

/** A path in the fixture directory `shared` beside the checkout, for tests that `sharedTest` has let run. */
export function sharedPath(...parts: string[]): string {
  const path = [SHARED, ...parts].join('/');
  if (!existsSync(path)) throw new Error(missing(parts));
  return path;
}

/** A test over a fixture of `shared`, given its path; reported as skipped where the fixture is missing, in CI as failed. */
export function sharedTest(name: string, parts: string[], run: (path: string) => Promise<void>): void {
  const path = [SHARED, ...parts].join('/');
  if (existsSync(path)) {
    test(name, () => run(path));
  } else if (process.env.CI) {
    test(name, () => {
      throw new Error(missing(parts));
    });
  } else {
    test(name, { skip: missing(parts) }, () => {});
  }
}

function missing(parts: readonly string[]): string {
  return `the fixture ${['shared', ...parts].join('/')} is not beside the checkout`;
}
