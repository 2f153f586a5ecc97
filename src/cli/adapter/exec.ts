import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { UsageError } from '../../base/errors.ts';
import { adapterEnvironment } from './adapter-environment.ts';

/**
 * Runs a command so that it finds an adapter: the machine's GPU, or the software adapter where there is none.
 *
 * @param command the program and its arguments.
 * @returns the command's exit code, or 128 + the signal that ended it.
 * @throws UsageError when the command cannot be started.
 * @throws AdapterError when there is no adapter at all.
 */
export async function exec(command: readonly string[]): Promise<number> {
  return run(command, await adapterEnvironment());
}

/**
 * Runs a command with some variables added to the environment; signals go on to it. Otherwise like `exec`.
 * @param folder where it runs; by default in this process's.
 */
export async function run(
  [program, ...args]: readonly string[],
  environment: Record<string, string>,
  folder?: string,
): Promise<number> {
  if (!program) throw new UsageError('exec: no command; use "tsos exec -- <command> [arguments]".');
  const env = { ...process.env, ...environment };
  const child = spawn(program, args, { env, stdio: 'inherit', ...(folder !== undefined && { cwd: folder }) });
  const stopForwarding = forwardSignals((signal) => child.kill(signal));
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => {
        reject(new UsageError(`exec: ${program} cannot be started: ${error.message}.`, { cause: error }));
      });
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
    });
  } finally {
    stopForwarding();
  }
}

/** Passes signals that would end this process to its child instead, which decides what comes of them. */
function forwardSignals(kill: (signal: NodeJS.Signals) => void): () => void {
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A terminal sends Ctrl-C to both already, and a second one often means "at once".
  const atTerminal = process.stdin.isTTY || process.stderr.isTTY;
  const forward = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT' || !atTerminal) kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}
