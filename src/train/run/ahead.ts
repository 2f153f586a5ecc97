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

  async at(step: number): Promise<T> {
    const item = await (this.#next?.step === step ? this.#next.item : this.#make(step));
    this.#next = undefined;
    if (step + 1 < this.#steps) {
      const next = this.#make(step + 1);
      // A failure is told when its turn comes.
      next.catch(() => {});
      this.#next = { step: step + 1, item: next };
    }
    return item;
  }

  /** Waits for what is being made. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.item.catch(() => {});
  }
}
