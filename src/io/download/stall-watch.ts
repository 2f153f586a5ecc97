/** Aborts when nothing has come for too long, or when the signal it is given does. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, signal: AbortSignal | undefined) {
    this.#ms = ms;
    this.signal = AbortSignal.any([this.#controller.signal, ...(signal === undefined ? [] : [signal])]);
    this.feed();
  }

  feed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new Error(`nothing came for ${this.#ms / 1000} s`)),
      this.#ms,
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new Error('the connection is not needed any more'));
  }
}
