/*
 * What the tests use of `node:test`, for browsers. The test runner puts it in its place, and calls `runTests` once the
 * module of a test file is loaded.
 */

type Body = () => void | Promise<void>;

interface Options {
  /** Why it is not run, or whether. */
  readonly skip?: string | boolean;
}

interface Registered {
  readonly name: string;
  readonly skip: string | undefined;
  readonly body: Body;
}

/** What came of a test. */
export interface TestOutcome {
  /** With the names of the suites it stands in. */
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** Of a failed test its error, of a skipped one the reason. */
  readonly why: string | undefined;
}

const registered: Registered[] = [];
let suites: string[] = [];

export function test(name: string, body: Body): void;
export function test(name: string, options: Options, body: Body): void;
export function test(name: string, ...rest: [Body] | [Options, Body]): void {
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
  const { skip } = options;
  registered.push({
    name: [...suites, name].join(' > '),
    skip: skip === true ? 'skipped' : skip || undefined,
    body,
  });
}

export { test as it };

export function describe(name: string, body: () => void): void {
  suites = [...suites, name];
  body();
  suites = suites.slice(0, -1);
}

/** What is done before the first test of the file, and after the last. */
const hooks: Record<'before' | 'after', Body[]> = { before: [], after: [] };

export function before(body: Body): void {
  hooks.before.push(body);
}

export function after(body: Body): void {
  hooks.after.push(body);
}

/** Runs what has been registered, one test after the other. */
export async function runTests(report: (outcome: TestOutcome) => void): Promise<void> {
  for (const body of hooks.before) await body();
  for (const { name, skip, body } of registered) {
    const started = performance.now();
    const outcome = skip === undefined ? await attempt(body) : { result: 'skipped' as const, why: skip };
    report({ name, ...outcome, seconds: (performance.now() - started) / 1000 });
  }
  for (const body of hooks.after) await body();
}

async function attempt(body: Body): Promise<Pick<TestOutcome, 'result' | 'why'>> {
  try {
    await body();
    return { result: 'passed', why: undefined };
  } catch (error) {
    return { result: 'failed', why: inWords(error) };
  }
}

/** With where it came from: an engine that has the message in the stack does not say it twice. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stack = '', cause } = error;
  const text = stack.includes(error.message) ? stack : `${error}\n${stack}`;
  return cause === undefined ? text : `${text}\ncaused by ${inWords(cause)}`;
}
