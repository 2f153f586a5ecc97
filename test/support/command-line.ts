import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runtimeArguments } from '../../src/cli/adapter/runtime-arguments.ts';

/**
 * The command line as `npm test` has compiled it before it runs all tests, else its source. Compiling anew what starts hundreds
 * of times takes most of that time. Runtimes that read TypeScript by themselves run the source.
 */
export const MAIN =
  process.env.TSOS_COMPILED ?? fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Outcome {
  /** Exit code, or the signal that ended the process. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TsosOptions {
  /** What it reads from stdin. */
  readonly input?: string;
  /** Added to the environment of the tests, which has the software adapter in it. */
  readonly env?: Record<string, string>;
  /** Where stdout goes instead of being collected. */
  readonly stdout?: number;
  /** A prefix of the shell, such as a limit. */
  readonly shell?: string;
  /** Called with the running process. */
  readonly during?: (child: ChildProcess) => void;
}

/** Runs the command line, in the runtime of the tests. */
export async function tsos(args: readonly string[], options: TsosOptions = {}): Promise<Outcome> {
  const command = [process.execPath, ...runtimeArguments(MAIN), MAIN, ...args];
  const [program, ...rest] =
    options.shell === undefined ? command : ['bash', '-c', `${options.shell}; exec "$@"`, 'bash', ...command];
  const child = spawn(program, rest, {
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', options.stdout ?? 'pipe', 'pipe'],
  });
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  child.stdin?.end(options.input ?? '');
  options.during?.(child);
  const code = await new Promise<Outcome['code']>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  const [stdout, stderr] = await texts;
  return { code, stdout, stderr };
}

/**
 * For `during`: interrupts the process, as Ctrl-C does, once a file has so many bytes.
 */
export function interruptOnce(file: string, bytes = 1): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (!existsSync(file) || statSync(file).size < bytes) return;
      clearInterval(timer);
      // Not child.kill, after which Deno takes any end for that of the signal.
      process.kill(child.pid!, 'SIGINT');
    }, 10);
    child.once('close', () => clearInterval(timer));
  };
}

/** The environment of a machine without any driver. */
export const NO_ADAPTER = {
  VK_DRIVER_FILES: '/dev/null',
  VK_ICD_FILENAMES: '/dev/null',
  TSOS_SOFTWARE: '',
};

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  stream?.setEncoding('utf8');
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}
