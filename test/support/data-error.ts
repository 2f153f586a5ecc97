import assert from 'node:assert/strict';
import { DataError } from '../../src/base/errors.ts';

/** Asserts that `work` fails with a DataError whose message fits `pattern`, and returns it. */
export async function dataErrorOf(work: Promise<unknown>, pattern: RegExp): Promise<DataError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof DataError, `${error}`);
    assert.match(error.message, pattern);
    return error;
  }
  assert.fail(`no DataError matching ${pattern}`);
}
