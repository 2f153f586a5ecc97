import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { TsosError } from '../../base/errors.ts';
import type { Prepared } from './prepare.ts';

/** A thread that decodes JPEGs. It does not keep the process alive while nothing is asked of it. */
export class DecodeThread {
  readonly #worker: Worker;
  /** Who waits for the answers that are to come, in order. */
  readonly #waiting: Waiting[] = [];
  /** Why there will be no more answers. */
  #failure: TsosError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer) => this.#settle(({ resolve }) => resolve(answer)));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`it ended with code ${code}`)));
  }

  /**
   * @param script what it runs; like this file, source or compiled.
   * @throws where this runtime or installation cannot start one.
   */
  static async start(script = DECODE_WORKER): Promise<DecodeThread> {
    const needsCompiler = script.pathname.endsWith('.ts') && !runsTypeScript();
    const thread = new DecodeThread(new Worker(needsCompiler ? compiledByTsx(script) : script));
    // The script begins by saying that it is ready.
    await thread.#answer();
    return thread;
  }

  /** How many JPEGs it has not answered yet. */
  get load(): number {
    return this.#waiting.length;
  }

  /** The memory that `jpeg` is in goes to the thread. */
  async prepare(jpeg: Uint8Array): Promise<Prepared> {
    this.#worker.postMessage(jpeg, [jpeg.buffer as ArrayBuffer]);
    return (await this.#answer()) as Prepared;
  }

  /** Ends it, whatever it is doing. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#worker.ref();
      this.#waiting.push({ resolve, reject });
    });
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if (waiting) how(waiting);
  }

  #fail(cause: Error): void {
    const failure = new TsosError(`a decoding thread failed: ${cause.message}`, { cause });
    this.#failure ??= failure;
    while (this.#waiting.length > 0) this.#settle(({ reject }) => reject(failure));
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

const DECODE_WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './decode-worker.ts' : './decode-worker.js',
  import.meta.url,
);

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
