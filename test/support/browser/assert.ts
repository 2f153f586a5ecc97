import { stringify } from 'fast-check';
import { isDeepEqual } from './deep-equal.ts';

/*
 * What the tests use of `node:assert/strict`, for browsers. The test runner puts it in its place.
 */

/** What an error has to be: of a class, with such a text, with such properties, or as a function says. */
type Expected =
  | RegExp
  | (abstract new (
      ...args: never[]
    ) => unknown)
  | ((error: never) => boolean)
  | Record<string, unknown>;

export class AssertionError extends Error {
  override name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

function ok(value: unknown, message?: string): void {
  check(Boolean(value), message, () => `${stringify(value)} is not truthy`);
}

function fail(message = 'failed'): never {
  throw new AssertionError(message);
}

function equal(actual: unknown, expected: unknown, message?: string): void {
  check(
    Object.is(actual, expected),
    message,
    () => `${stringify(actual)} is not equal to ${stringify(expected)}`,
  );
}

function notEqual(actual: unknown, expected: unknown, message?: string): void {
  check(!Object.is(actual, expected), message, () => `both are ${stringify(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message?: string): void {
  const text = () => `${stringify(actual)} is not deeply equal to ${stringify(expected)}`;
  check(isDeepEqual(actual, expected), message, text);
}

function notDeepEqual(actual: unknown, expected: unknown, message?: string): void {
  check(!isDeepEqual(actual, expected), message, () => `both are deeply equal to ${stringify(actual)}`);
}

function match(actual: string, pattern: RegExp, message?: string): void {
  check(pattern.test(actual), message, () => `${stringify(actual)} does not match ${pattern}`);
}

function doesNotMatch(actual: string, pattern: RegExp, message?: string): void {
  check(!pattern.test(actual), message, () => `${stringify(actual)} matches ${pattern}`);
}

function throws(work: () => unknown, expected?: Expected | string, message?: string): void {
  let value: unknown;
  try {
    value = work();
  } catch (thrown) {
    checkError(thrown, expected, message);
    return;
  }
  missing(value, expected, message);
}

async function rejects(
  work: PromiseLike<unknown> | (() => PromiseLike<unknown>),
  expected?: Expected | string,
  message?: string,
): Promise<void> {
  let value: unknown;
  try {
    value = await (typeof work === 'function' ? work() : work);
  } catch (thrown) {
    checkError(thrown, expected, message);
    return;
  }
  missing(value, expected, message);
}

export default Object.assign(ok, {
  ok,
  fail,
  equal,
  notEqual,
  deepEqual,
  notDeepEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
  AssertionError,
});

function check(holds: boolean, message: string | undefined, text: () => string): void {
  if (!holds) throw new AssertionError(message === undefined ? text() : `${message}: ${text()}`);
}

function missing(value: unknown, expected: Expected | string | undefined, message: string | undefined): void {
  const text = typeof expected === 'string' ? expected : message;
  check(false, text, () => `nothing was thrown; it gave ${stringify(value)}`);
}

function checkError(error: unknown, expected: Expected | string | undefined, message?: string): void {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) {
    check(expected.test(String(error)), message, () => `${error} does not match ${expected}`);
  } else if (typeof expected !== 'function') {
    checkProperties(error, expected, message);
  } else if (isErrorClass(expected)) {
    if (!(error instanceof expected)) throw error;
  } else {
    const answer = (expected as (error: unknown) => unknown)(error);
    check(answer === true, message, () => `the test of the error gave ${stringify(answer)}: ${error}`);
  }
}

function checkProperties(error: unknown, expected: Record<string, unknown>, message?: string): void {
  for (const [key, value] of Object.entries(expected)) {
    const actual = Reflect.get(error as object, key);
    const holds = value instanceof RegExp ? value.test(String(actual)) : isDeepEqual(actual, value);
    check(holds, message, () => `${key} of the error is ${stringify(actual)}, expected ${stringify(value)}`);
  }
}

function isErrorClass(value: unknown): value is typeof Error {
  return value === Error || Object.prototype.isPrototypeOf.call(Error, value as object);
}
