import process from 'node:process';
import { runCommandLine } from '../../src/cli/run-command-line.ts';

/**
 * What a command shows in this process, and its exit code. It takes stdout for a terminal; stderr is none, so that there are no
 * bars of progress.
 */
export async function onTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  const [stdout, stderr] = [captured(process.stdout, true), captured(process.stderr, false)];
  try {
    await runCommandLine(args);
    return { code: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    for (const each of [stdout, stderr]) each.restore();
    process.exitCode = 0;
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

function captured(stream: NodeJS.WriteStream, isTTY: boolean) {
  const { isTTY: before, write } = stream;
  let text = '';
  Object.defineProperty(stream, 'isTTY', { value: isTTY, configurable: true });
  stream.write = ((chunk: string | Uint8Array, done?: () => void) => {
    // Bytes are what the test runner reports between its tests.
    if (typeof chunk !== 'string') return write.call(stream, chunk);
    text += chunk;
    done?.();
    return true;
  }) as typeof write;
  return {
    text: () => text,
    restore() {
      stream.write = write;
      Object.defineProperty(stream, 'isTTY', { value: before, configurable: true });
    },
  };
}
