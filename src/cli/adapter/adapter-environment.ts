import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../base/errors.ts';
import { runtimeArguments } from './runtime-arguments.ts';
import { softwareAdapterEnvironment } from './software-adapter.ts';

/**
 * The variables a process has to be started with to find an adapter: none but a quiet one where there is a GPU, those of
 * the software adapter elsewhere. `TSOS_ADAPTER=software` or `hardware` decides instead of looking.
 *
 * @throws AdapterError when the software adapter is needed and not to be had.
 * @throws UsageError for any other value of `TSOS_ADAPTER`.
 */
export async function adapterEnvironment(): Promise<Record<string, string>> {
  // Dawn complains on every start where this is not set.
  const quiet = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR || tmpdir() };
  const hardware = await wantsHardware(quiet);
  return hardware ? quiet : { ...quiet, ...(await softwareAdapterEnvironment()) };
}

async function wantsHardware(quiet: Record<string, string>): Promise<boolean> {
  const choice = process.env.TSOS_ADAPTER;
  if (choice === 'hardware') return true;
  if (choice === 'software') return false;
  if (choice) {
    throw new UsageError(`TSOS_ADAPTER is "${choice}"; it can be "software", "hardware" or left away.`);
  }
  // Started from a process that has gone through this already.
  if (process.env.TSOS_SOFTWARE === '1') return false;
  return hardwareOpens(quiet);
}

/** How long a driver may take to open before it counts as not there. */
const PROBE_MILLISECONDS = 10_000;

/** Opens the adapter in a child process, where a driver that hangs or crashes does no harm. */
async function hardwareOpens(quiet: Record<string, string>): Promise<boolean> {
  const self = fileURLToPath(import.meta.url);
  const probe = fileURLToPath(new URL(`./probe-adapter${self.slice(-3)}`, import.meta.url));
  const child = spawn(process.execPath, [...runtimeArguments(probe), probe], {
    env: { ...process.env, ...quiet },
    stdio: ['ignore', 'ignore', process.env.TSOS_DEBUG ? 'inherit' : 'ignore'],
    timeout: PROBE_MILLISECONDS,
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
