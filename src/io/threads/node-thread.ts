import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parentPort, Worker } from 'node:worker_threads';
import type { Reply, ThreadPort } from './answering-thread.ts';

/** How many threads run at the same time here. */
export const coreCount: () => number = availableParallelism;

/**
 * Starts a thread under Node, Deno or Bun.
 * @param script what it runs; like this file, source or compiled.
 * @throws where this runtime or installation cannot start one.
 */
export function startNodeThread(script: URL): ThreadPort {
  const needsCompiler = script.pathname.endsWith('.ts') && !runsTypeScript();
  const worker = new Worker(needsCompiler ? compiledByTsx(script) : script);
  return {
    post: (question, given) => worker.postMessage(question, given),
    listen(onAnswer, onFailure) {
      worker.on('message', onAnswer);
      worker.on('error', onFailure);
      worker.on('exit', (code) => onFailure(new Error(`it ended with code ${code}`)));
    },
    keepAlive: (yes) => (yes ? worker.ref() : worker.unref()),
    async terminate() {
      await worker.terminate();
    },
  };
}

/** In the script of a thread that `startNodeThread` starts: says that it is ready, then answers each question. */
export function answerParent<Question>(answer: (question: Question) => Reply): void {
  const port = parentPort!;
  port.on('message', (question: Question) => {
    const reply = answer(question);
    port.postMessage(reply.answer, reply.given);
  });
  port.postMessage('ready');
}

/** Whether this runtime runs TypeScript without help: Deno, Bun, and Node from 22.18 on. */
function runsTypeScript(): boolean {
  const { versions, features } = process;
  return Boolean(versions.deno ?? versions.bun ?? (features as { typescript?: string | false }).typescript);
}

/** What Node 20 lets tsx do for the main thread does not hold for the first file of another one. */
function compiledByTsx(script: URL): URL {
  const code = [
    `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};`,
    'register();',
    `await import(${JSON.stringify(script.href)});`,
  ].join('\n');
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
