import assert from 'node:assert/strict';
import { UsageError } from '../../src/base/errors.ts';

/** `run` throws a UsageError with such a message. */
export function refused(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
    return true;
  });
}
