import assert from 'node:assert/strict';
import type { Outcome } from './command-line.ts';

/**
 * Checks that a command failed with an exit code and a last line that says why, without a result or a stack. Lines before it
 * may come from the driver.
 */
export function assertOneSentence({ code, stdout, stderr }: Outcome, exitCode: number, says: RegExp): void {
  assert.equal(code, exitCode, stderr);
  assert.equal(stdout, '');
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^tsos: /);
  assert.match(last, says);
  assert.doesNotMatch(stderr, /^\s+at .*\.[jt]s:\d+/m);
}
