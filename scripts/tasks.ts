import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AdapterError, TsosError, UsageError } from '../src/base/errors.ts';
import { adapterEnvironment } from '../src/cli/adapter/adapter-environment.ts';
import { run } from '../src/cli/adapter/exec.ts';
import { runtimeArguments } from '../src/cli/adapter/runtime-arguments.ts';
import { selectTests } from './select-tests.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a task of package.json's scripts where it finds an adapter. @returns the exit code. */
export async function runTask(name: string | undefined, args: readonly string[]): Promise<number> {
  try {
    const task = name === undefined ? undefined : TASKS[name];
    if (!task) throw new UsageError(`No task "${name}"; there are ${Object.keys(TASKS).join(', ')}.`);
    return await task(args);
  } catch (error) {
    if (!(error instanceof TsosError)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}

const TASKS: Record<string, (args: readonly string[]) => Promise<number>> = {
  test: runTests,
  'test:browser': async (files) => {
    const { runBrowserTests } = await import('./browser-tests/run.ts');
    return runBrowserTests(selectTests(ROOT, files));
  },
  'test:page': () =>
    runNode([...runtimeArguments('.ts'), '--test', '--test-reporter=spec', 'web/page.test.ts']),
  web: (args) => runVite('dev', args),
  'web:build': (args) => runVite('build', args),
  bench: runBenchmarks,
  fuzz: (args) => runScript('test/fuzz/main.ts', args),
  example: runExample,
  study: (args) => {
    const script = join(ROOT, 'scripts', 'study.ts');
    return runNode(['--conditions=tsos-source', ...runtimeArguments(script), script, ...args]);
  },
  demo: (args) => runCommandLine(['demo', ...args]),
  tsos: runCommandLine,
};

/** `npm test -- [files, folders or parts of their paths] [options of node --test]` */
async function runTests(args: readonly string[]): Promise<number> {
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const files = selectTests(ROOT, filters);
  const variables = await environment();
  // Compiling the command line once is worth it where all tests start it, which is hundreds of times.
  if (filters.length === 0) {
    const npm = process.env.npm_execpath;
    const build = [...(npm === undefined ? ['npm'] : [process.execPath, npm]), 'run', '--silent', 'build'];
    const code = await run(build, {});
    if (code !== 0) return code;
    variables.TSOS_COMPILED = join(ROOT, 'dist', 'cli', 'main.js');
  }
  const options = args.filter((arg) => arg.startsWith('-'));
  // Drivers misbehave where several processes use them at once, but for the one that is no driver of a device.
  const processes = variables.TSOS_SOFTWARE ? Math.min(2, availableParallelism()) : 1;
  const runner = ['--test', `--test-concurrency=${processes}`, '--test-reporter=spec', ...options];
  return run([process.execPath, ...runtimeArguments('.ts'), ...runner, ...files], variables);
}

/** `npm run example -- [name] [arguments]`: one file of examples/, or all in turn. The package's doors lead to src/. */
async function runExample([name, ...args]: readonly string[]): Promise<number> {
  const all = readdirSync(join(ROOT, 'examples'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  if (name !== undefined && !all.includes(name)) {
    throw new UsageError(`No example "${name}"; there are ${all.join(', ')}.`);
  }
  for (const each of name === undefined ? all : [name]) {
    const script = join(ROOT, 'examples', `${each}.ts`);
    const code = await runNode(['--conditions=tsos-source', ...runtimeArguments(script), script, ...args]);
    if (code !== 0) return code;
  }
  return 0;
}

/** `npm run bench -- [name] [arguments]`: one file of bench/, or all in turn. */
async function runBenchmarks(args: readonly string[]): Promise<number> {
  const all = readdirSync(join(ROOT, 'bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  const [first, ...rest] = args;
  if (first !== undefined && !first.startsWith('-')) {
    if (!all.includes(first)) throw new UsageError(`No benchmark "${first}"; there are ${all.join(', ')}.`);
    return runScript(`bench/${first}.ts`, rest);
  }
  for (const name of all) {
    const code = await runScript(`bench/${name}.ts`, args);
    if (code !== 0) return code;
  }
  return 0;
}

/** The page of web/, for a browser on this machine, or as files for a web server. */
function runVite(command: 'dev' | 'build', args: readonly string[]): Promise<number> {
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  return runNode([vite, command, '--config', join(ROOT, 'web', 'vite.config.ts'), ...args]);
}

/** Paths are those of where the user stands; npm runs scripts in the folder of package.json. */
function runCommandLine(args: readonly string[]): Promise<number> {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  const byNpm = script !== undefined && Object.hasOwn(TASKS, script);
  return runScript('src/cli/main.ts', args, byNpm ? folder : undefined);
}

function runScript(script: string, args: readonly string[], folder?: string): Promise<number> {
  return runNode([...runtimeArguments(script), join(ROOT, script), ...args], folder);
}

async function runNode(args: readonly string[], folder?: string): Promise<number> {
  return run([process.execPath, ...args], await environment(), folder);
}

/** Much needs no adapter, so its absence is left to those who open one. */
async function environment(): Promise<Record<string, string>> {
  return adapterEnvironment().catch((error) => {
    if (error instanceof AdapterError) return {};
    throw error;
  });
}
