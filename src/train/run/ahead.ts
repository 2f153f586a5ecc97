/** What is asked for step by step, of which the next is made ready while the caller is busy with one. */
export class Ahead<T> implements AsyncDisposable {
  readonly #make: (step: number) => Promise<T>;
  readonly #steps: number;
  #next: { readonly step: number; readonly item: Promise<T> } | undefined;

  /** @param steps from this one on nothing is made */
  constructor(make: (step: number) => Promise<T>, steps: number) {
    this.#make = make;
    this.#steps = steps;
  }

  /** What is there for a step, and stays until its turn. */
  peek(step: number): Promise<T> {
    if (this.#next?.step !== step) {
      const item = this.#make(step);
      // A failure is told when its turn comes.
      item.catch(() => {});
      this.#next = { step, item };
    }
    return this.#next.item;
  }

  async at(step: number): Promise<T> {
    const item = await this.peek(step);
    if (step + 1 < this.#steps) void this.peek(step + 1);
    else this.#next = undefined;
    return item;
  }

  /** Waits for what is being made. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.item.catch(() => {});
  }
}
