import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runtimeArguments } from '../../src/cli/adapter/runtime-arguments.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Works that go on where they were stopped, and works that begin anew. */
export const RESUMED = ['translate', 'evaluate', 'classify'] as const;
export const WORKS = [...RESUMED, 'bundle', 'safetensors'] as const;

/** What is in the directory once a work is done: of one that may be resumed also what tells that it is. */
export function filesOf(work: (typeof WORKS)[number]): string[] {
  return work === 'translate' || work === 'classify' ? ['out', 'out.done'] : ['out'];
}

export interface WorkOptions {
  readonly directory: string;
  /** Results of different ones differ. */
  readonly checkpoint?: string;
  /** A prefix of the shell, such as a limit. */
  readonly shell?: string;
  /** Called once the work has begun. */
  readonly during?: (child: ChildProcess) => void;
}

export interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs one of the works of `worker.ts` in a process of its own, in the runtime of the tests. */
export async function workInProcess(work: string, options: WorkOptions): Promise<Ended> {
  const { directory, checkpoint = 'a', shell, during } = options;
  const command = [process.execPath, ...runtimeArguments(WORKER), WORKER, work, directory, checkpoint];
  const child =
    shell === undefined
      ? spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', ...command], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.once('data', () => during?.(child));
  child.stdout.resume();
  const [code, signal] = await once(child, 'close');
  return { code: code ?? signal, stderr };
}
