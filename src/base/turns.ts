/** Lets work wait for the work before it: for what shares buffers or other state. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Starts the work once all that was asked for before is over, failed or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
