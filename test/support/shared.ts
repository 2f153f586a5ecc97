import { test } from 'node:test';
import { isThere, testFile } from './files.ts';

/** A file or folder in the fixture directory `shared` beside the checkout, for tests that `sharedTest` has let run. */
export function sharedPath(...parts: string[]): string {
  const path = testFile('shared', ...parts);
  if (!isThere(path)) throw new Error(missing(parts));
  return path;
}

/** A test over a fixture of `shared`, given where it is; reported as skipped where the fixture is missing, in CI as failed. */
export function sharedTest(name: string, parts: string[], run: (path: string) => Promise<void>): void {
  const path = testFile('shared', ...parts);
  if (isThere(path)) {
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
