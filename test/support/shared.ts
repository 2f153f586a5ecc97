import { test } from 'node:test';
import { isThere, TAKES_FULL_SIZE, testFile } from './files.ts';

/** Folders of models that have the paper's sizes. */
const FULL_SIZE = ['full', 'B_full'];

/** A file or folder in the fixture directory `shared` beside the checkout, for tests that `sharedTest` has let run. */
export function sharedPath(...parts: string[]): string {
  const path = testFile('shared', ...parts);
  if (!isThere(path)) throw new Error(missing(parts));
  return path;
}

/**
 * A test over a fixture of `shared`, given where it is. Where the fixture is missing it is reported as skipped, in CI as
 * failed; as skipped, too, where it is a model of full size and the runtime takes none.
 */
export function sharedTest(name: string, parts: string[], run: (path: string) => Promise<void>): void {
  const path = testFile('shared', ...parts);
  if (!TAKES_FULL_SIZE && FULL_SIZE.some((part) => parts.includes(part))) {
    test(name, { skip: 'models of full size are left to other runtimes' }, () => {});
  } else if (isThere(path)) {
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
