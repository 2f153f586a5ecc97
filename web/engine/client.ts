import type { Failure, Order, Report, TaskName, Tasks } from './protocol.ts';

/** What went wrong in the engine, in a sentence. */
export class EngineError extends Error {
  /** @param failure whose name this error takes */
  constructor({ name, message }: Failure) {
    super(message);
    this.name = name;
  }
}

export interface TaskOptions<Name extends TaskName> {
  /** Told on the way. */
  readonly onTold?: (told: Tasks[Name]['tells']) => void;
  /** Stops the task as soon as it can be; the promise rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly tell: (told: never) => void;
  readonly resolve: (gave: never) => void;
  readonly reject: (error: Error) => void;
}

/** The engine in its worker, as the page sees it. */
export class Engine {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#receive(data));
    this.#worker.addEventListener('error', ({ message }) => {
      const error = new EngineError({ name: 'Error', message: `The engine of this page failed: ${message}` });
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  run<Name extends TaskName>(
    name: Name,
    input: Tasks[Name]['takes'],
    { onTold = () => {}, signal }: TaskOptions<Name> = {},
  ): Promise<Tasks[Name]['gives']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { tell: onTold, resolve, reject });
      signal?.addEventListener('abort', () => this.#send({ id, stop: true }), { once: true });
      this.#send({ id, name, input });
      if (signal?.aborted) this.#send({ id, stop: true });
    });
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #receive(report: Report): void {
    const waiting = this.#waiting.get(report.id);
    if (waiting === undefined) return;
    if ('told' in report) {
      waiting.tell(report.told as never);
      return;
    }
    this.#waiting.delete(report.id);
    if ('gave' in report) waiting.resolve(report.gave as never);
    else waiting.reject(new EngineError(report.failed));
  }
}
