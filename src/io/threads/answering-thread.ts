import { TsosError } from '../../base/errors.ts';

/** The end of a thread that this one talks to. */
export interface ThreadPort {
  /** Sends what the thread is to answer; the memory of `given` goes to it. */
  post(question: unknown, given: ArrayBuffer[]): void;
  /** Says once who is told of answers, and of why there will be no more. */
  listen(onAnswer: (answer: unknown) => void, onFailure: (cause: Error) => void): void;
  /** Whether the thread keeps the process alive, where that is a question. */
  keepAlive(yes: boolean): void;
  terminate(): Promise<void>;
}

/** A thread that answers questions in order. It does not keep the process alive while nothing is asked of it. */
export class AnsweringThread<Question, Answer> {
  readonly #port: ThreadPort;
  readonly #work: string;
  /** Who waits for the answers that are to come, in order. */
  readonly #waiting: Waiting[] = [];
  /** Why there will be no more answers. */
  #failure: TsosError | undefined;
  #isClosing = false;

  private constructor(port: ThreadPort, work: string) {
    this.#port = port;
    this.#work = work;
    port.listen(
      (answer) => this.#settle(({ resolve }) => resolve(answer)),
      (cause) => this.#fail(cause),
    );
  }

  /**
   * Takes over a thread that was started, once it has said that it is ready.
   * @param work what it does, for errors: "decoding"
   * @throws {TsosError} where it fails before.
   */
  static async over<Question, Answer>(
    port: ThreadPort,
    work: string,
  ): Promise<AnsweringThread<Question, Answer>> {
    const thread = new AnsweringThread<Question, Answer>(port, work);
    await thread.#answer();
    return thread;
  }

  /** How many questions it has not answered yet. */
  get load(): number {
    return this.#waiting.length;
  }

  /** The memory of `given` goes to the thread. */
  async ask(question: Question, given: ArrayBuffer[] = []): Promise<Answer> {
    this.#port.post(question, given);
    return (await this.#answer()) as Answer;
  }

  /** Ends it, whatever it is doing. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#port.terminate();
  }

  #answer(): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#port.keepAlive(true);
      this.#waiting.push({ resolve, reject });
    });
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.shift();
    // An answer that comes while it is being ended must not let the process end before.
    if (this.#waiting.length === 0 && !this.#isClosing) this.#port.keepAlive(false);
    if (waiting) how(waiting);
  }

  #fail(cause: Error): void {
    const failure = new TsosError(`a ${this.#work} thread failed: ${cause.message}`, { cause });
    this.#failure ??= failure;
    while (this.#waiting.length > 0) this.#settle(({ reject }) => reject(failure));
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** An answer, with the memory of it that goes to who asked. */
export interface Reply {
  readonly answer: unknown;
  readonly given: ArrayBuffer[];
}
