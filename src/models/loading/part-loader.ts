/** Parts under way at once: while one waits for the file, others are checked and compressed. */
const LANES = 2;

/**
 * Loads the parts of a model a few at a time, begun in the order they are asked for. Who awaits them in that order, as
 * `inOrder` does, meets the failure that loading one after the other would have met, however parts overtake each other.
 */
export class PartLoader {
  #waiting: (() => Promise<void>)[] = [];
  readonly #lanes = new Set<Promise<void>>();

  load<T>(read: () => Promise<T>): Promise<T> {
    const part = new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => read().then(resolve, reject));
    });
    // Nobody awaits the parts behind the first that fails.
    part.catch(() => {});
    if (this.#lanes.size < LANES) this.#openLane();
    return part;
  }

  /** Begins no more parts, and waits for those under way. */
  async close(): Promise<void> {
    this.#waiting = [];
    await Promise.all(this.#lanes);
  }

  #openLane(): void {
    const lane = (async () => {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
    })().finally(() => this.#lanes.delete(lane));
    this.#lanes.add(lane);
  }
}

/** Awaits the parts of an object or a list one after the other. */
export async function inOrder<T extends object>(parts: T): Promise<{ [Key in keyof T]: Awaited<T[Key]> }> {
  const loaded: [string, unknown][] = Object.entries(parts);
  // What is behind the first failure is never awaited.
  for (const [, part] of loaded) Promise.resolve(part).catch(() => {});
  for (const entry of loaded) entry[1] = await entry[1];
  return (Array.isArray(parts) ? loaded.map(([, part]) => part) : Object.fromEntries(loaded)) as never;
}
