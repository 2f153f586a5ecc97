import process from 'node:process';

/** Milliseconds of the clock, and of the processor, all threads together. */
export interface Cost {
  readonly wall: number;
  readonly processor: number;
}

export async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const [started, usage] = [performance.now(), process.cpuUsage()];
  await work();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(usage);
  return { wall, processor: (user + system) / 1e3 };
}
